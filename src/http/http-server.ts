import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { BandloomError } from "../core/errors.ts";
import { errorBody, errorHeaders } from "./error-answer.ts";
import { COMMON_HEADERS } from "./headers.ts";

/** The longest URL that is read; ours stay below 6,000 characters (semantics.md 15), those of GraphQL's GET may be longer. */
const MAX_URL = 16 * 1024;

/** Request line and headers together, bytes: twice the longest URL. More never reaches us (431). */
const MAX_HEADER_BYTES = 2 * MAX_URL;

/** A client that has not sent its headers, or its body, after this time is not going to. */
const HEADERS_WITHIN_MS = 10_000;
const REQUEST_WITHIN_MS = 30_000;
const CHECK_EVERY_MS = 2_000;
/** Longer than the 60 s that proxies keep idle connections: theirs ends first, so no request meets a closing socket. */
const KEEP_ALIVE_MS = 72_000;

/** Answers what it can at once; false leaves the request to the routes. */
export type FastAnswer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** node's server with our limits; `answer` sees each request before `routes` does. */
export function createHttpServer(answer: FastAnswer, routes: RequestListener): Server {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_WITHIN_MS,
    requestTimeout: REQUEST_WITHIN_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  server.on("request", (request, response) => {
    if ((request.url ?? "").length > MAX_URL) refuseUrl(response);
    // While the server closes, the routes tell clients to go elsewhere.
    else if (!server.listening || !answer(request, response)) routes(request, response);
  });
  return server;
}

function refuseUrl(response: ServerResponse): void {
  const message = `An address has at most ${MAX_URL} characters. Send long formulas deflated (fz), or by GraphQL.`;
  const error = new BandloomError("URI_TOO_LONG", message);
  response
    .writeHead(error.status, {
      ...COMMON_HEADERS,
      ...errorHeaders(error),
      "content-type": "application/json; charset=utf-8",
    })
    .end(JSON.stringify(errorBody(error)));
}
