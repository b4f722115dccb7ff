import type { FastifyInstance } from "fastify";
import { regionOf } from "../graphql/address.ts";
import { disconnectSignal } from "../graphql/context.ts";
import type { Services } from "../service/types/services.ts";
import { bindFormula } from "./bind.ts";
import { etagOf, matchesEtag } from "./etag.ts";
import { lifetimeOf, setLifetime } from "./headers.ts";
import { parseRegionUrl } from "./region-address.ts";
import { sendBytes } from "./tiles.ts";

/** `GET /regions/{image}/{x},{y},{width},{height}/{maxSize}.{ext}`: a rectangle of full-resolution pixels, scaled to fit. */
export function registerRegions(app: FastifyInstance, services: Services): void {
  app.get("/regions/*", async (request, reply) => {
    const expiry = services.links.check(request.raw.url ?? "");
    const signal = disconnectSignal(reply);
    const { maxSize, v, formulas, preset, encoding, ...url } = parseRegionUrl(request.raw.url ?? "", services.limits);
    const image = await services.images.get(url.image, signal);
    const region = regionOf(image, url.region);
    const formula = await bindFormula(services, image, { formulas, preset }, signal);
    const wanted = { formula, region, maxSize, encoding };
    const etag = etagOf(services.tiles.regionKey(wanted));
    setLifetime(reply, lifetimeOf(v, formula, expiry)).header("etag", etag);
    if (matchesEtag(request.headers["if-none-match"], etag)) return reply.code(304).send();
    const picture = await services.tiles.region(wanted, signal);
    // The file may have changed under the request: what came is what it is now.
    setLifetime(reply, lifetimeOf(v, picture, expiry)).header("etag", etagOf(picture.key));
    return sendBytes(reply, picture.bytes, picture.contentType);
  });
}
