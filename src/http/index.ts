/** The HTTP face: tiles, regions and stored chunks by URL, GraphQL, health; one fastify app that is not listening yet. */
export { Metrics } from "./metrics/metrics.ts";
export { createMetricsServer } from "./metrics/server.ts";
export { createServer, type ServerOptions } from "./server.ts";
