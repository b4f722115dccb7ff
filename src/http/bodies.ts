import type { IncomingMessage, ServerResponse } from "node:http";
import addressOf from "@fastify/proxy-addr";
import { BandloomError } from "../core/errors.ts";
import { Shares } from "../core/shares.ts";
import { clientOf, type Trusts } from "../service/clients.ts";
import { sendAway } from "./farewell.ts";
import { BODIES_BYTES, BODY_LEAST_BYTES, BODY_LOOK_MS, BODY_SHARE_BYTES, SMALL_BODY_BYTES } from "./limits.ts";

/** Bodies of requests that are under way. Each is in memory until it has come whole, so that they have room for so many bytes. */
export class Bodies {
  readonly #shares = new Shares(BODIES_BYTES, BODY_SHARE_BYTES);
  readonly #largest: number;
  readonly #trusts: Trusts;

  /** `largest`: bytes of a body that is read at all. */
  constructor(largest: number, trusts: Trusts) {
    this.#largest = largest;
    this.#trusts = trusts;
  }

  /** Before anything of the body is read: why it is not to be; null lets it come, and ends the connection of one that comes too slowly. */
  refusal(request: IncomingMessage, response: ServerResponse): BandloomError | null {
    const bytes = this.#bytesOf(request);
    if (bytes > SMALL_BODY_BYTES) {
      const release = this.#shares.take(clientOf(addressOf(request, this.#trusts)), bytes);
      if (typeof release === "string") return release === "own" ? SHARE_IS_FULL : IS_FULL;
      request.once("end", release).once("close", release);
    }
    if (bytes > 0) endSlow(request, response);
    return null;
  }

  /** A body whose length is not told may be the longest. One that is longer is refused by its route, and not read. */
  #bytesOf({ headers }: IncomingMessage): number {
    if (headers["transfer-encoding"] !== undefined) return this.#largest;
    const told = Number(headers["content-length"] ?? 0);
    return told <= this.#largest ? told : 0;
  }
}

const IS_FULL = new BandloomError(
  "OVERLOADED",
  "The server is receiving as many large requests as it can hold. Try again in a moment.",
);
const SHARE_IS_FULL = new BandloomError(
  "QUOTA_EXCEEDED",
  `One client may send ${BODY_SHARE_BYTES / 2 ** 20} MiB of requests at a time. Send them one after the other.`,
);
const TOO_SLOW = new BandloomError("BAD_REQUEST", "The request took too long to arrive.");

function endSlow(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  let before = socket.bytesRead;
  const looks = setInterval(() => {
    const come = socket.bytesRead - before;
    before = socket.bytesRead;
    if (come >= BODY_LEAST_BYTES) return;
    clearInterval(looks);
    if (response.headersSent) socket.destroy();
    else sendAway(socket, TOO_SLOW);
  }, BODY_LOOK_MS);
  const end = () => clearInterval(looks);
  request.once("end", end).once("close", end);
}
