import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { errorBody, errorHeaders } from "../core/error-answer.ts";
import { BandloomError } from "../core/errors.ts";
import type { Bodies } from "./bodies.ts";
import { isAmbiguous } from "./framing.ts";
import { COMMON_HEADERS } from "./headers.ts";
import { HEADERS_WITHIN_MS, KEEP_ALIVE_MS, MAX_HEADER_BYTES, MAX_URL, REQUEST_WITHIN_MS } from "./limits.ts";
import { type Passage, Turnstile } from "./turnstile.ts";

/** How often connections are looked through for those that take too long. */
const CHECK_EVERY_MS = 2_000;

const PROBES: ReadonlySet<string> = new Set(["/healthz", "/readyz"]);

/** Answers what it can at once; false leaves the request to the routes. */
export type FastAnswer = (request: IncomingMessage, response: ServerResponse) => boolean;

interface HttpServerOptions {
  /** What memory holds. */
  readonly hit: FastAnswer;
  /** Sees what is no hit before `routes` does. */
  readonly early: FastAnswer;
  /** Refuses what would begin too late; false: that waits. */
  readonly tooLate: Passage["refuse"];
  readonly clientOf: (request: IncomingMessage) => string;
  /** How long work may wait, milliseconds. */
  readonly queueMs: number;
  readonly routes: RequestListener;
  readonly bodies: Bodies;
}

/** node's server with our limits. */
export function createHttpServer({
  hit,
  early,
  tooLate,
  clientOf,
  queueMs,
  routes,
  bodies,
}: HttpServerOptions): Server {
  const turnstile = new Turnstile(queueMs, {
    client: clientOf,
    // While the server closes, the routes tell clients to go elsewhere.
    hit: (request, response) => server.listening && hit(request, response),
    early: (request, response) => server.listening && early(request, response),
    begin(request, response) {
      // Its client left while it waited.
      if (response.destroyed || (server.listening && early(request, response))) return;
      // What comes with GET and HEAD is read by nobody. What is refused is thrown away as it comes, so that the answer is read.
      const refusal = isBodyless(request) ? null : bodies.refusal(request, response);
      if (refusal) refuse(response, refusal);
      else routes(request, response);
    },
    refuse: tooLate,
  });
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_WITHIN_MS,
    requestTimeout: REQUEST_WITHIN_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  server.on("request", (request, response) => {
    if ((request.url ?? "").length > MAX_URL) refuse(response, LONG_URL);
    else if (isAmbiguous(request)) {
      refuse(response, AMBIGUOUS);
      // Nothing that follows on this connection can be trusted to be what it seems.
      request.socket.destroySoon();
    } else if (PROBES.has(request.url ?? "")) {
      // How the server is must be known when it has much to do.
      routes(request, response);
    } else turnstile.pass(request, response);
  });
  return server;
}

function isBodyless({ method }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD";
}

const LONG_URL = new BandloomError(
  "URI_TOO_LONG",
  `An address has at most ${MAX_URL} characters. Send long formulas deflated (fz), or by GraphQL.`,
);
const AMBIGUOUS = new BandloomError("BAD_REQUEST", "The request names two hosts, or codes its body in an unknown way.");

function refuse(response: ServerResponse, error: BandloomError): void {
  const body = JSON.stringify(errorBody(error));
  response
    .writeHead(error.status, {
      ...COMMON_HEADERS,
      ...errorHeaders(error),
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(body),
    })
    .end(body);
}
