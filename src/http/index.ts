/** The HTTP face: tiles, regions and stored chunks by URL, GraphQL, health; one fastify app that is not listening yet. */
export { createServer, type ServerOptions } from "./server.ts";
