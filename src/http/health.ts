import type { FastifyInstance } from "fastify";
import type { Services } from "../service/types/services.ts";

/** Seconds until asking again makes sense: starting takes about as long. */
const RETRY_AFTER = "1";

/**
 * `/healthz`: the process answers. `/readyz`: it can do its work, else 503 with the reason. A cache that fails makes it no less ready,
 * only slower: it is named. Why it fails stands in the log and goes to no client.
 */
export function registerHealth(app: FastifyInstance, services: Services): void {
  app.get("/healthz", (_request, reply) => reply.header("cache-control", "no-store").send({ status: "ok" }));
  app.get("/readyz", (_request, reply) => {
    reply.header("cache-control", "no-store");
    const reason = services.readiness();
    if (reason === null) {
      const degraded = services.stats().cache.flatMap(({ name, healthy }) => (healthy ? [] : [name]));
      return reply.send({ status: "ready", ...(degraded.length > 0 ? { degraded } : {}) });
    }
    return reply.code(503).header("retry-after", RETRY_AFTER).send({ status: "not ready", reason });
  });
}
