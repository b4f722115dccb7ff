import type { FastifyInstance } from "fastify";
import { regionOf } from "../graphql/address.ts";
import { CONTENT_TYPES } from "../render/index.ts";
import { bindFormula } from "./bind.ts";
import type { Entries } from "./entries.ts";
import { etagOf, matchesEtag } from "./etag.ts";
import { setLifetime } from "./headers.ts";
import { parseRegionUrl } from "./region-address.ts";
import { sendBytes } from "./tiles.ts";

/** `GET /regions/{image}/{x},{y},{width},{height}/{maxSize}.{ext}`: a rectangle of full-resolution pixels, scaled to fit. */
export function registerRegions(app: FastifyInstance, entries: Entries): void {
  app.get("/regions/*", async (request, reply) => {
    const { services, signal, lifetime } = entries.of(request);
    const { maxSize, v, formulas, preset, encoding, ...url } = parseRegionUrl(request.raw.url ?? "", services.limits);
    const image = await services.images.get(url.image, signal);
    const region = regionOf(image, url.region);
    const numbersAlone = encoding.format === "npy";
    const formula = await bindFormula(services, image, { formulas, preset }, signal, { numbersAlone });
    const wanted = { formula, region, maxSize, encoding };
    const etag = etagOf(services.tiles.regionKey(wanted));
    const images = [image, ...formula.others];
    setLifetime(reply, lifetime(v, { version: formula.version, images })).header("etag", etag);
    if (matchesEtag(request.headers["if-none-match"], etag)) return reply.code(304).send();
    const picture = await services.tiles.region(wanted, signal);
    // The file may have changed under the request: what came is what it is now.
    setLifetime(reply, lifetime(v, { version: picture.version, images })).header("etag", etagOf(picture.key));
    return sendBytes(reply, picture.bytes, CONTENT_TYPES[encoding.format]);
  });
}
