import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { etagOf, matchesEtag } from "./etag.ts";

/** A JSON text with an ETag of its own, or 304 to who has it. */
export function sendDocument(request: FastifyRequest, reply: FastifyReply, text: string): FastifyReply {
  const etag = etagOf(createHash("sha256").update(text).digest("hex"));
  reply.header("etag", etag);
  if (matchesEtag(request.headers["if-none-match"], etag)) return reply.code(304).send();
  return reply.header("content-type", "application/json; charset=utf-8").send(text);
}
