import type { IncomingMessage, ServerResponse } from "node:http";
import type { Services } from "../service/types/services.ts";
import { matchesEtag } from "./etag.ts";
import { COMMON_HEADERS, SANDBOX, untilAskedAgain } from "./headers.ts";
import type { TileMemo } from "./tile-memo.ts";

const COMMON = Object.entries(COMMON_HEADERS).flat();
const OF_PICTURES = Object.entries({ ...COMMON_HEADERS, ...SANDBOX }).flat();

/** Whether a tile was asked before and lies in memory: to be answered once its image has been looked at, however much there is to do. */
export function isHeld(services: Services, memo: TileMemo, { url = "" }: IncomingMessage): boolean {
  const known = memo.get(url);
  return known !== undefined && services.tiles.peek(known.key) !== null;
}

/**
 * Answers a tile that was asked before and lies in memory, or that the client has: no routing, no promise, one write. False when the
 * request needs more than that; nothing was written then.
 */
export function answerHit(
  services: Services,
  memo: TileMemo,
  request: IncomingMessage,
  response: ServerResponse,
  counts?: Record<"200" | "304", number>,
): boolean {
  const { method, url = "" } = request;
  if (method !== "GET" && method !== "HEAD") return false;
  const known = memo.get(url);
  if (known === undefined || known.purges !== services.purges.count) return false;
  if (known.rules !== services.access.count) return false;
  if (known.grant !== null && services.links.isWithdrawn(known.grant)) return false;
  for (const { key, revision } of known.images) if (services.images.fresh(key)?.revision !== revision) return false;
  const { etag, contentType, expiry, grant } = known;
  if (expiry !== null && expiry <= Date.now() / 1000) return false;
  const lifetime = grant === null ? known.lifetime : untilAskedAgain(known.lifetime, expiry);
  const until = lifetime.expires === undefined ? [] : ["expires", lifetime.expires];
  if (matchesEtag(request.headers["if-none-match"], etag)) {
    if (counts) counts["304"]++;
    response.writeHead(304, ["etag", etag, "cache-control", lifetime["cache-control"], ...until, ...COMMON]).end();
    return true;
  }
  const tile = services.tiles.peek(known.key);
  if (tile === null) return false;
  const { bytes, cache } = tile;
  if (counts) counts["200"]++;
  response.writeHead(200, [
    "content-type",
    contentType,
    "content-length",
    String(bytes.length),
    "etag",
    etag,
    "cache-control",
    lifetime["cache-control"],
    ...until,
    "x-bandloom-cache",
    cache,
    ...OF_PICTURES,
  ]);
  response.end(method === "HEAD" ? undefined : bytes);
  return true;
}
