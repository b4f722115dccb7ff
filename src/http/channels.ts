import type { FastifyInstance } from "fastify";
import { BandloomError } from "../core/errors.ts";
import { flipLevel } from "../core/geometry.ts";
import { existingLevel } from "../graphql/address.ts";
import { servedLevel } from "../plan/index.ts";
import type { ServedImage } from "../service/types/image.ts";
import { channelIndex, parseChunkUrl } from "./channel-address.ts";
import type { Entries } from "./entries.ts";
import { etagOf, matchesEtag } from "./etag.ts";
import { setLifetime } from "./headers.ts";
import { sendBytes } from "./tiles.ts";

/** `GET /channels/{image}/{channel}/{z}/{x}/{y}.raw`: the values of a stored chunk, row by row, little-endian. */
export function registerChannels(app: FastifyInstance, entries: Entries): void {
  app.get("/channels/*", async (request, reply) => {
    const { services, signal, lifetime } = entries.of(request);
    const { z, x, y, v, ...url } = parseChunkUrl(request.raw.url ?? "");
    const image = await services.images.get(url.image, signal);
    const channel = channelIndex(image, url.channel);
    const { storedLevel, columns, rows } = storedLevelOf(image, z);
    if (x >= columns || y >= rows)
      throw new BandloomError("NOT_FOUND", `At zoom ${z} each channel is stored in ${columns} × ${rows} chunks.`);
    // The URL names everything but the bytes' identity.
    const etag = etagOf(image.revision);
    setLifetime(reply, lifetime(v, { version: image.revision })).header("etag", etag);
    if (matchesEtag(request.headers["if-none-match"], etag)) return reply.code(304).send();
    const chunk = await services.tiles.chunk({ image, channel, storedLevel, z: 0, t: 0, x, y }, signal);
    reply
      .header("x-bandloom-width", chunk.width)
      .header("x-bandloom-height", chunk.height)
      .header("x-bandloom-dtype", chunk.type);
    return sendBytes(reply, chunk.bytes, "application/octet-stream");
  });
}

/** The stored level that serves a zoom. NOT_FOUND where the image has none: computed levels have no chunks. */
function storedLevelOf(image: ServedImage, zoom: number) {
  const level = existingLevel(image, flipLevel(image.levels, zoom));
  const served = servedLevel(image.info, level);
  if (served.kind === "virtual")
    throw new BandloomError(
      "NOT_FOUND",
      `Zoom ${zoom} is not stored in the file but computed: fetch tiles as .npy instead.`,
    );
  const { width, height, chunkWidth, chunkHeight } = served.grid;
  return {
    storedLevel: served.stored,
    columns: Math.ceil(width / chunkWidth),
    rows: Math.ceil(height / chunkHeight),
  };
}
