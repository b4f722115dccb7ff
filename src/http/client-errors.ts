import type { Socket } from "node:net";
import { BandloomError } from "../core/errors.ts";
import { sendAway } from "./farewell.ts";
import { MAX_URL } from "./limits.ts";

/** What node's HTTP parser says of bytes that never became a request. */
export interface ParserError extends Error {
  readonly code?: string;
  /** What was read last: a Buffer, though fastify's types say otherwise. */
  readonly rawPacket?: unknown;
}

/** Answers bytes that are no request in the words of the error contract, and ends the connection. */
export function answerClientError(error: ParserError, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  sendAway(socket, describe(error));
}

function describe(error: ParserError): BandloomError {
  if (error.code === "HPE_HEADER_OVERFLOW") {
    return hasLongUrl(error.rawPacket)
      ? new BandloomError("URI_TOO_LONG", "The address is too long. Send long formulas deflated (fz), or by GraphQL.")
      : new BandloomError("HEADERS_TOO_LARGE", "The headers of the request are too large.");
  }
  const message =
    error.code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? "The request took too long to arrive."
      : "This is not an HTTP request that can be understood.";
  return new BandloomError("BAD_REQUEST", message);
}

/** The URL alone is too long. Told from the packet that broke the limit, which shows it only if the URL begins there. */
function hasLongUrl(packet: unknown): boolean {
  if (!Buffer.isBuffer(packet)) return false;
  const [, url, more] = /^[A-Z]+ ([^ \r\n]+)(.?)/s.exec(packet.toString("latin1")) ?? [];
  return url !== undefined && (url.length > MAX_URL || more === "");
}
