import { createHash } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { disconnectSignal } from "../graphql/context.ts";
import type { Encoding } from "../render/types.ts";
import {
  extensionOf,
  type GeographicBounds,
  geographicBounds,
  type Services,
  type ValidFormula,
} from "../service/index.ts";
import { bindFormula } from "./bind.ts";
import { etagOf, matchesEtag } from "./etag.ts";
import { REVALIDATE } from "./headers.ts";
import { parseTileJsonUrl } from "./tile-json-address.ts";

/** Of TileJSON. Version 3 is about vector tiles: its schema wants a list of their layers. */
const VERSION = "2.2.0";

/** `GET /tilejson/{image}.json`: what a map viewer must know of the tiles of a formula. */
export function registerTileJson(app: FastifyInstance, services: Services): void {
  app.get("/tilejson/*", async (request, reply) => {
    services.links.check(request.raw.url ?? "");
    const signal = disconnectSignal(reply);
    const { formulas, preset, tileSize, encoding, ...url } = parseTileJsonUrl(request.raw.url ?? "", services.limits);
    const image = await services.images.get(url.image, signal);
    const formula = await bindFormula(services, image, { formulas, preset }, signal);
    const template = services.tiles.urlTemplate(formula, tileSize, encoding);
    const bounds = await geographicBounds(image.info);
    const text = JSON.stringify(tileJson({ formula, template, tileSize, encoding, bounds }));
    // Its words come from the catalogue too, which `v` does not stand for: it is never promised to stay.
    const etag = etagOf(createHash("sha256").update(text).digest("hex"));
    reply.header("etag", etag).header("cache-control", REVALIDATE);
    if (matchesEtag(request.headers["if-none-match"], etag)) return reply.code(304).send();
    return reply.header("content-type", "application/json; charset=utf-8").send(text);
  });
}

interface Described {
  readonly formula: ValidFormula;
  readonly template: string;
  readonly tileSize: number;
  readonly encoding: Encoding;
  readonly bounds: GeographicBounds | null;
}

/** What TileJSON does not know (from `format` on) is for viewers that place tiles by the image's own grid. */
function tileJson({ formula: { image }, template, tileSize, encoding, bounds }: Described): object {
  const { width, height, georeference } = image.info;
  return {
    tilejson: VERSION,
    name: image.name,
    ...(image.description === null ? {} : { description: image.description }),
    scheme: "xyz",
    tiles: [template],
    minzoom: 0,
    maxzoom: image.levels - 1,
    ...(bounds ? placed(bounds) : {}),
    format: extensionOf(encoding.format),
    tileSize,
    width,
    height,
    ...(georeference ? { crs: georeference.crs, affine: georeference.affine } : {}),
  };
}

/** Bounds of TileJSON do not go round the antimeridian: what crosses it is anywhere. The centre is where the image is, at its coarsest. */
function placed({ west, south, east, north }: GeographicBounds): object {
  const crosses = west > east;
  const middle = (west + east) / 2 + (crosses ? 180 : 0);
  return {
    bounds: crosses ? [-180, south, 180, north] : [west, south, east, north],
    center: [middle > 180 ? middle - 360 : middle, (south + north) / 2, 0],
  };
}
