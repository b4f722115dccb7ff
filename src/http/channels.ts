import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { BandloomError } from "../core/errors.ts";
import { flipLevel } from "../core/geometry.ts";
import { existingLevel } from "../graphql/address.ts";
import { servedLevel } from "../plan/index.ts";
import type { ServedImage } from "../service/types/image.ts";
import { isSourceChanged } from "../source/index.ts";
import { channelIndex, parseChunkUrl } from "./channel-address.ts";
import type { Entries } from "./entries.ts";
import { etagOf, matchesEtag } from "./etag.ts";
import { setLifetime } from "./headers.ts";
import { sendBytes } from "./tiles.ts";

/**
 * `GET /channels/{image}/{channel}/{z}/{x}/{y}.raw?z=&t=`: the samples of a stored chunk as they are stored, row by row, little-endian, of the
 * first plane unless another is named.
 */
export function registerChannels(app: FastifyInstance, entries: Entries): void {
  app.get("/channels/*", async (request, reply) => {
    try {
      return await answer(entries, request, reply);
    } catch (error) {
      // It is cut as it is now: the image is looked at again, the address too.
      if (isSourceChanged(error)) return answer(entries, request, reply);
      throw error;
    }
  });
}

async function answer(entries: Entries, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { services, signal, lifetime } = entries.of(request);
  const { z, x, y, plane, v, ...url } = parseChunkUrl(request.raw.url ?? "");
  const image = await services.images.get(url.image, signal);
  const channel = channelIndex(image, url.channel);
  const { storedLevel, columns, rows } = storedLevelOf(image, z);
  if (x >= columns || y >= rows)
    throw new BandloomError("NOT_FOUND", `At zoom ${z} each channel is stored in ${columns} × ${rows} chunks.`);
  assertPlane(image, plane);
  // The URL names everything but the bytes' identity.
  const etag = etagOf(image.revision);
  setLifetime(reply, lifetime(v, { version: image.revision, images: [image] })).header("etag", etag);
  if (matchesEtag(request.headers["if-none-match"], etag)) return reply.code(304).send();
  const chunk = await services.tiles.chunk({ image, channel, storedLevel, ...plane, x, y }, signal);
  reply
    .header("x-bandloom-width", chunk.width)
    .header("x-bandloom-height", chunk.height)
    .header("x-bandloom-dtype", chunk.type);
  return sendBytes(reply, chunk.bytes, "application/octet-stream");
}

function assertPlane(
  { info: { depth, times } }: ServedImage,
  { z, t }: { readonly z: number; readonly t: number },
): void {
  if (z >= depth || t >= times)
    throw new BandloomError(
      "NOT_FOUND",
      `The image has no plane z=${z}, t=${t}: z is 0 to ${depth - 1}, t is 0 to ${times - 1}.`,
    );
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
