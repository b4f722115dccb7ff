import Fastify, { type FastifyError, type FastifyInstance, LogController } from "fastify";
import { type MutationPolicy, registerGraphql } from "../graphql/index.ts";
import type { Services } from "../service/types.ts";
import { registerChannels } from "./channels.ts";
import { answerClientError } from "./client-errors.ts";
import { handleError } from "./error-handler.ts";
import { COMMON_HEADERS } from "./headers.ts";
import { registerHealth } from "./health.ts";
import { answerHit } from "./hits.ts";
import { createHttpServer } from "./http-server.ts";
import { registerRegions } from "./regions.ts";
import { registerTileJson } from "./tile-json.ts";
import { TileMemo } from "./tile-memo.ts";
import { registerTiles } from "./tiles.ts";
import { answerUnrouted } from "./unrouted.ts";

export interface ServerOptions {
  readonly services: Services;
  /** Let clients ask for the GraphQL schema. */
  readonly introspection: boolean;
  /** Base of tile URLs when they are absolute. */
  readonly publicUrl?: string;
  /** What is written to stderr, one JSON object a line. */
  readonly logLevel: "silent" | "error" | "warn" | "info";
  /** Who may change what is saved; left out: nobody. */
  readonly mutations?: MutationPolicy;
}

/** The whole HTTP face of the services, not listening yet. It trusts no forwarded headers, sets no cookies and varies by nothing. */
export async function createServer({
  services,
  introspection,
  publicUrl,
  logLevel,
  mutations = { token: null, open: false },
}: ServerOptions): Promise<FastifyInstance> {
  const memo = new TileMemo();
  const app: FastifyInstance = Fastify({
    serverFactory: (routes) =>
      createHttpServer((request, response) => answerHit(services, memo, request, response), routes),
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => {
      handleError(error, request, reply.headers(COMMON_HEADERS));
    },
    // What arrives while the server closes is answered, and its connection ended.
    return503OnClosing: false,
    bodyLimit: services.limits.requestBytes,
    logger: logLevel === "silent" ? false : { level: logLevel, stream: process.stderr },
    logController: new LogController({ disableRequestLogging: true }),
  });
  app.setErrorHandler<FastifyError>(handleError);
  app.setNotFoundHandler(answerUnrouted);
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(COMMON_HEADERS);
    if (!request.is404) return done();
    // Before anything reads or judges a body that nobody wants.
    try {
      answerUnrouted(request, reply);
    } catch (error) {
      done(error as Error);
    }
  });
  registerHealth(app, services);
  registerTiles(app, services, memo);
  registerRegions(app, services);
  registerChannels(app, services);
  registerTileJson(app, services);
  await registerGraphql(app, services, { introspection, publicUrl, mutations });
  await app.ready();
  return app;
}
