import type { FastifyInstance } from "fastify";
import { geographicBounds, tileJson } from "../service/index.ts";
import { bindFormula } from "./bind.ts";
import { sendDocument } from "./document.ts";
import type { Entries } from "./entries.ts";
import { CHANGING, PRIVATE, setLifetime } from "./headers.ts";
import { parseTileJsonUrl } from "./tile-json-address.ts";

/** `GET /tilejson/{image}.json`: what a map viewer must know of the tiles of a formula. */
export function registerTileJson(app: FastifyInstance, entries: Entries): void {
  app.get("/tilejson/*", async (request, reply) => {
    const { services, linking, signal, shared } = entries.of(request);
    const { formulas, preset, tileSize, encoding, ...url } = parseTileJsonUrl(request.raw.url ?? "", services.limits);
    const image = await services.images.get(url.image, signal);
    const formula = await bindFormula(services, image, { formulas, preset }, signal);
    const template = linking().tiles.urlTemplate(formula, tileSize, encoding);
    const bounds = await geographicBounds(image.info);
    const text = JSON.stringify(tileJson({ formula, template, tileSize, encoding, bounds }));
    // Its words come from the catalogue too, which `v` does not stand for: it is never promised to stay.
    return sendDocument(request, setLifetime(reply, shared ? CHANGING : PRIVATE), text);
  });
}
