import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { errorBody, errorHeaders } from "../core/error-answer.ts";
import { BandloomError } from "../core/errors.ts";

/** nginx's number for a client that closed the connection before its answer. It is only logged. */
const CLIENT_CLOSED_REQUEST = 499;

/** Logs a request whose client leaves while it waits, is worked on or is answered. */
export function logDepartures(request: FastifyRequest, reply: FastifyReply): void {
  const { socket } = request.raw;
  reply.raw.once("close", () => {
    // An answer that was on its way counts as finished when its connection is reset.
    if (!reply.raw.writableFinished || socket.errored !== null)
      request.log.info({ status: CLIENT_CLOSED_REQUEST }, "The client left before its answer.");
  });
}

/** Any failure of a request as JSON. What is no BandloomError and no refusal by fastify is a bug: logged, and told as INTERNAL. */
export function handleError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (reply.raw.destroyed) return reply.code(CLIENT_CLOSED_REQUEST).send();
  const expected = error instanceof BandloomError ? error : refusal(error);
  if (expected !== error) {
    if (expected.status >= 500) request.log.error({ err: error }, "A request failed.");
  } else if (expected.status >= 500) {
    // Nothing is wrong here: what is behind this server does not answer, or there is too much to do. A stack would tell nobody anything.
    const { code, message } = expected;
    if (code === "OVERLOADED") logRefusal(request.log, expected);
    else request.log.warn({ code, reason: message, cause: reasonOf(expected.cause) }, "A request was not served.");
  }
  return reply
    .code(expected.status)
    .headers({ ...errorHeaders(expected), "content-type": "application/json; charset=utf-8" })
    .send(JSON.stringify(errorBody(expected)));
}

/** When refusals were logged last, and how many there were since: they come in thousands, and writing each takes longer than refusing it. */
const refusals = { loggedAt: Number.NEGATIVE_INFINITY, since: 0 };

/** Logs what is refused for want of time, once a second. */
export function logRefusal(log: FastifyBaseLogger, { code, message }: BandloomError): void {
  refusals.since++;
  const now = performance.now();
  if (now - refusals.loggedAt < 1_000) return;
  log.warn({ code, reason: message, requests: refusals.since }, "Requests were refused.");
  refusals.loggedAt = now;
  refusals.since = 0;
}

function reasonOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined;
}

function refusal(error: FastifyError): BandloomError {
  switch (error.statusCode) {
    case 400:
      return new BandloomError("BAD_REQUEST", "The address or the body is malformed.");
    case 413:
      return new BandloomError("TOO_LARGE", "The body is too large.");
    case 414:
      return new BandloomError("URI_TOO_LONG", "The address is too long.");
    case 415:
      return new BandloomError("UNSUPPORTED_MEDIA_TYPE", "This media type is not understood here.");
    default:
      return new BandloomError("INTERNAL", "Something went wrong inside the server. It has been logged.");
  }
}
