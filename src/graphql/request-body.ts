import type { FastifyInstance, FastifyRequest } from "fastify";
import { BandloomError } from "../core/errors.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true });
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i;

/**
 * The only body that is understood: JSON in UTF-8 (RFC 8259 section 8.1), within `bodyLimit` bytes and without keys that would
 * reach an object's prototype. UNSUPPORTED_MEDIA_TYPE and BAD_REQUEST otherwise.
 */
export function acceptOnlyJson(app: FastifyInstance, bodyLimit: number): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer", bodyLimit }, (request, body: Buffer, done) => {
    try {
      checkCharset(request);
      parse(request, decode(body), done);
    } catch (error) {
      done(error as Error);
    }
  });
}

function checkCharset(request: FastifyRequest): void {
  const charset = CHARSET.exec(request.headers["content-type"] ?? "")?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return;
  throw new BandloomError("UNSUPPORTED_MEDIA_TYPE", "Send the request as application/json in UTF-8.");
}

function decode(body: Buffer): string {
  try {
    return UTF8.decode(body);
  } catch (cause) {
    throw new BandloomError("BAD_REQUEST", "The body is not valid UTF-8.", { cause });
  }
}
