import type { FastifyInstance, FastifyReply } from "fastify";
import { BandloomError } from "../core/errors.ts";
import { flipLevel, levelSize, tileGrid } from "../core/geometry.ts";
import { existingLevel } from "../graphql/address.ts";
import { CONTENT_TYPES } from "../render/index.ts";
import type { TileRequest } from "../service/types/tile.ts";
import { bindFormula } from "./bind.ts";
import type { Entered, Entries } from "./entries.ts";
import { etagOf, matchesEtag } from "./etag.ts";
import { CHANGING, PRIVATE, SANDBOX, setLifetime } from "./headers.ts";
import { parseTileUrl } from "./tile-address.ts";
import type { RememberedTile, TileMemo } from "./tile-memo.ts";

/** `GET /tiles/{image}/{z}/{x}/{y}.{ext}`: URL → tile of an image → 304, or its bytes from the cache or a worker. */
export function registerTiles(app: FastifyInstance, entries: Entries, memo: TileMemo): void {
  app.get("/tiles/*", async (request, reply) => {
    const url = request.raw.url ?? "";
    const entered = entries.of(request);
    const { services, signal } = entered;
    const { request: wanted, lasting, ...tile } = await findTile(entered, url);
    if (lasting && entered.memorable) memo.set(url, tile);
    setLifetime(reply, tile.lifetime).header("etag", tile.etag);
    if (matchesEtag(request.headers["if-none-match"], tile.etag)) return reply.code(304).send();
    const served = await services.tiles.tile(wanted, signal);
    reply.header("x-bandloom-cache", served.cache);
    // The file changed under the request, and these are its new pixels: the URL does not name them.
    if (served.key !== tile.key)
      setLifetime(reply, entered.shared ? CHANGING : PRIVATE).header("etag", etagOf(served.key));
    return sendBytes(reply, served.bytes, tile.contentType);
  });
}

interface FoundTile extends RememberedTile {
  readonly request: TileRequest;
  /** The URL means this as long as its images stay the same: a preset may be saved anew, an image be given another formula. */
  readonly lasting: boolean;
}

/** Everything about a tile but its pixels. */
async function findTile({ services, signal, link, lifetime }: Entered, url: string): Promise<FoundTile> {
  // Before anything is looked up: a purge that comes meanwhile makes this old.
  const purges = services.purges.count;
  const rules = services.access.count;
  const { image: name, z, x, y, v, formulas, preset, tileSize, pad, encoding } = parseTileUrl(url, services.limits);
  const image = await services.images.get(name, signal);
  const level = existingLevel(image, flipLevel(image.levels, z));
  const { columns, rows } = tileGrid(levelSize(image.info, level), tileSize);
  if (x >= columns || y >= rows)
    throw new BandloomError(
      "NOT_FOUND",
      `At zoom ${z} the image has ${columns} × ${rows} tiles of ${tileSize} pixels.`,
    );
  const numbersAlone = encoding.format === "npy";
  const formula = await bindFormula(services, image, { formulas, preset }, signal, { numbersAlone });
  const request = { formula, level, x, y, tileSize, pad, encoding };
  const key = services.tiles.tileKey(request);
  const images = [image, ...formula.others];
  return {
    images: images.map(({ key: name, revision }) => ({ key: name, revision })),
    request,
    lasting: preset === null && formulas !== null,
    key,
    etag: etagOf(key),
    contentType: CONTENT_TYPES[encoding.format],
    lifetime: lifetime(v, { version: formula.version, images }),
    expiry: link?.expiry ?? null,
    grant: link?.grant ?? null,
    purges,
    rules,
  };
}

/** Bytes as they are: no compression on top, whatever the client accepts. */
export function sendBytes(reply: FastifyReply, bytes: Uint8Array, contentType: string): FastifyReply {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return reply.headers({ "content-type": contentType, ...SANDBOX }).send(body);
}
