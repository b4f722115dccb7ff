import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { errorBody, errorHeaders } from "../core/error-answer.ts";
import type { BandloomError } from "../core/errors.ts";
import { COMMON_HEADERS } from "./headers.ts";

/** Time for a client to read why, and to hang up. */
const LINGER_MS = 1_000;

/**
 * Tells a client why it is not served, and ends the connection. Not at once: what the client is still sending would make the system
 * reset the connection, and the answer be lost. Who does not hang up is cut off a second later.
 */
export function sendAway(socket: Socket, error: BandloomError): void {
  socket.on("error", () => socket.destroy());
  socket.resume().end(rawAnswer(error));
  const late = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(late));
}

function rawAnswer(error: BandloomError): string {
  const body = JSON.stringify(errorBody(error));
  const headers = {
    ...COMMON_HEADERS,
    ...errorHeaders(error),
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join("")}\r\n${body}`;
}
