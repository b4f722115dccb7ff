import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { BandloomError } from "../core/errors.ts";
import { errorBody, errorHeaders } from "./error-answer.ts";

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
    request.log.warn({ code, reason: message, cause: reasonOf(expected.cause) }, "A request was not served.");
  }
  return reply
    .code(expected.status)
    .headers({ ...errorHeaders(expected), "content-type": "application/json; charset=utf-8" })
    .send(JSON.stringify(errorBody(expected)));
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
