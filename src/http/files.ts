import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { BandloomError } from "../core/errors.ts";
import type { Original, Originals } from "../service/types/original.ts";
import { revisionTag } from "../source/index.ts";
import { byteRange } from "./byte-range.ts";
import { sendDocument } from "./document.ts";
import type { Entries } from "./entries.ts";
import { matchesEtag } from "./etag.ts";
import { CHANGING, PRIVATE, SANDBOX, setLifetime } from "./headers.ts";
import { parseQuery, SIGNATURE } from "./query.ts";
import { imageKey, splitTarget } from "./request-target.ts";

/** Raised when the list is written otherwise. */
const LIST_VERSION = 1;

/**
 * `GET /files/{path or key}`: a file of an image as it is stored, by range. Its ETag is its revision, so that who reads it over HTTP and who
 * reads it from the disk know one image. `GET /files/`: which images there are, and where.
 */
export function registerFiles(app: FastifyInstance, entries: Entries): void {
  // HEAD with it: fastify's own would read the file for its length.
  app.route({ method: ["GET", "HEAD"], url: "/files/*", handler });

  async function handler(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const url = request.raw.url ?? "";
    const { services, shared } = entries.of(request);
    const { originals } = services;
    if (!originals) throw new BandloomError("NOT_FOUND", "There is nothing at this address.");
    const { segments, query } = splitTarget(url, "files");
    parseQuery(query, SIGNATURE);
    setLifetime(reply, shared ? CHANGING : PRIVATE);
    if (segments.length === 1 && segments[0] === "") return sendList(request, reply, originals);
    const original = await originals.open(imageKey(segments));
    try {
      return await sendOriginal(request, reply, original);
    } catch (error) {
      await original.close();
      throw error;
    }
  }
}

async function sendList(request: FastifyRequest, reply: FastifyReply, originals: Originals): Promise<FastifyReply> {
  const images = await originals.list();
  return sendDocument(request, reply, JSON.stringify({ version: LIST_VERSION, images }));
}

async function sendOriginal(request: FastifyRequest, reply: FastifyReply, original: Original): Promise<FastifyReply> {
  const { headers } = request;
  const etag = revisionTag(original.revision);
  reply.headers({ etag, "accept-ranges": "bytes", "content-type": "application/octet-stream", ...SANDBOX });
  const ifMatch = headers["if-match"];
  if (ifMatch !== undefined && !matchesStrongly(ifMatch, etag)) {
    await original.close();
    // Not an error of ours: who asks names a version, and is told that it is gone.
    return reply.code(412).send();
  }
  if (matchesEtag(headers["if-none-match"], etag)) {
    await original.close();
    return reply.code(304).send();
  }
  const ifRange = headers["if-range"];
  // Of a HEAD a range says nothing (RFC 9110, section 14.2).
  const isWhole = request.method !== "GET" || (ifRange !== undefined && ifRange !== etag);
  const wanted = isWhole ? undefined : headers.range;
  const span = rangeOf(wanted, original.size, reply);
  const { offset, length } = span ?? { offset: 0, length: original.size };
  if (span) reply.code(206).header("content-range", `bytes ${offset}-${offset + length - 1}/${original.size}`);
  reply.header("content-length", length);
  if (request.method === "HEAD" || length === 0) {
    await original.close();
    return reply.send();
  }
  const body = Readable.from(original.read(offset, length), { objectMode: false });
  body.once("close", () => void original.close());
  return reply.send(body);
}

/** RANGE_NOT_SATISFIABLE says in its header how long the file is. */
function rangeOf(header: string | undefined, size: number, reply: FastifyReply) {
  try {
    return byteRange(header, size);
  } catch (error) {
    if (error instanceof BandloomError) reply.header("content-range", `bytes */${size}`);
    throw error;
  }
}

/** If-Match compares strongly (RFC 9110 section 13.1.1): a weak tag never matches. */
function matchesStrongly(ifMatch: string, etag: string): boolean {
  return ifMatch.trim() === "*" || ifMatch.split(",").some((tag) => tag.trim() === etag);
}
