import type { IncomingMessage } from "node:http";
import addressOf, { compile } from "@fastify/proxy-addr";
import Fastify, { type FastifyError, type FastifyInstance, LogController } from "fastify";
import type { Role } from "../core/roles.ts";
import { registerGraphql } from "../graphql/index.ts";
import { clientOf } from "../service/clients.ts";
import type { Services } from "../service/types/services.ts";
import { Bodies } from "./bodies.ts";
import { registerChannels } from "./channels.ts";
import { answerClientError } from "./client-errors.ts";
import { limitConnections } from "./connections.ts";
import { EarlyRefusals } from "./early-refusals.ts";
import { Entries } from "./entries.ts";
import { handleError, logDepartures, logRefusal } from "./error-handler.ts";
import { registerFiles } from "./files.ts";
import { COMMON_HEADERS } from "./headers.ts";
import { registerHealth } from "./health.ts";
import { answerHit, isHeld } from "./hits.ts";
import { createHttpServer } from "./http-server.ts";
import { registerMeasures } from "./measures.ts";
import type { Metrics } from "./metrics/metrics.ts";
import { registerRegions } from "./regions.ts";
import { type Route, type RouteGroup, routeOfPattern, servedRoutes } from "./roles.ts";
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
  /** Which routes are served; left out: all. */
  readonly role?: Role;
  /**
   * Addresses and networks of proxies whose `X-Forwarded-For` says who the client is; left out: none. Clients are served in turn by
   * address, so a proxy that is not named counts as one client.
   */
  readonly trustedProxies?: readonly string[];
  /** Counts what is answered. */
  readonly metrics?: Metrics;
}

/** The whole HTTP face of the services, not listening yet. It trusts no forwarded header but the address that a named proxy tells, sets no cookies and varies by nothing. */
export async function createServer({
  services,
  introspection,
  publicUrl,
  logLevel,
  role = "all",
  trustedProxies = [],
  metrics,
}: ServerOptions): Promise<FastifyInstance> {
  const memo = new TileMemo();
  const trusts = compile([...trustedProxies]);
  const nameOf = (request: IncomingMessage) => clientOf(addressOf(request, trusts));
  const early = new EarlyRefusals(services, (route, refusal) => {
    metrics?.answered(route, refusal.status, 0);
    logRefusal(app.log, refusal);
  });
  const routes = servedRoutes(role, services.originals !== null);
  const app: FastifyInstance = Fastify({
    serverFactory: (routes) => {
      const server = createHttpServer({
        hit: (request, response) => answerHit(services, memo, request, response, metrics?.hits),
        early: (request, response) =>
          !isHeld(services, memo, request) && early.answer(request.url ?? "", response, () => nameOf(request)),
        tooLate: (request, response, client) =>
          !isHeld(services, memo, request) && early.tooLate(request.url ?? "", response, client),
        queueMs: services.queueMs,
        clientOf: nameOf,
        routes,
        bodies: new Bodies(services.limits.requestBytes, trusts),
      });
      limitConnections(server, services.limits, trusts);
      return server;
    },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => {
      handleError(error, request, reply.headers(COMMON_HEADERS));
    },
    // What arrives while the server closes is answered, and its connection ended.
    return503OnClosing: false,
    // The address of the connection is at hand; looking at headers for another one costs each request some microseconds.
    trustProxy: trustedProxies.length > 0 && trusts,
    bodyLimit: services.limits.requestBytes,
    logger: logLevel === "silent" ? false : { level: logLevel, stream: process.stderr },
    logController: new LogController({ disableRequestLogging: true }),
  });
  app.setErrorHandler<FastifyError>(handleError);
  app.setNotFoundHandler((request, reply) => answerUnrouted(routes, request, reply));
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(COMMON_HEADERS);
    logDepartures(request, reply);
    if (!request.is404) return done();
    // Before anything reads or judges a body that nobody wants.
    try {
      answerUnrouted(routes, request, reply);
    } catch (error) {
      done(error as Error);
    }
  });
  const entries = new Entries(services, trusts);
  letIn(app, entries);
  if (metrics) countAnswers(app, routes, metrics);
  registerHealth(app, services);
  const serves = (group: RouteGroup) => routes.some((route) => route.group === group);
  if (serves("render")) {
    registerTiles(app, entries, memo);
    registerRegions(app, entries);
    registerMeasures(app, entries);
  }
  if (serves("files")) {
    registerChannels(app, entries);
    if (services.originals) registerFiles(app, entries);
  }
  if (serves("api")) {
    registerTileJson(app, entries);
    await registerGraphql(app, services, { introspection, publicUrl, trusts });
  }
  await app.ready();
  return app;
}

/** Every route has its row, and what that row asks for is asked before the route is. */
function letIn(app: FastifyInstance, entries: Entries): void {
  app.addHook("onRoute", ({ url }) => {
    if (routeOfPattern(url) === null)
      throw new Error(`The route ${url} has no row in roles.ts, which says who may ask it.`);
  });
  app.addHook("onRequest", (request, reply, done) => {
    const scope = request.is404 ? null : (routeOfPattern(request.routeOptions.url)?.scope ?? null);
    if (scope === null) return done();
    try {
      const waiting = entries.enter(request, reply, scope);
      if (waiting) waiting.then(() => done(), done);
      else done();
    } catch (error) {
      done(error as Error);
    }
  });
}

function countAnswers(app: FastifyInstance, routes: readonly Route[], metrics: Metrics): void {
  app.addHook("onResponse", (request, reply, done) => {
    metrics.answered(routeName(routes, request.routeOptions.url), reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
}

/** `tiles` for `/tiles/*`; addresses that nobody serves are one. */
function routeName(routes: readonly Route[], pattern: string | undefined): string {
  const path = (pattern ?? "").replace(/\*$/, "");
  const known = routes.find((route) => route.path === path);
  return known ? known.path.replaceAll("/", "") || "page" : "other";
}
