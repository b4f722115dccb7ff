import type { FastifyReply, FastifyRequest } from "fastify";
import { BandloomError } from "../core/errors.ts";
import type { Route } from "./roles.ts";

/** How long a browser remembers what it may send, seconds; browsers cut it to their own limit. */
const PREFLIGHT_AGE = "86400";

/** Requests that no route took: questions about methods (OPTIONS), methods that are not served (405), unknown addresses (404). */
export function answerUnrouted(routes: readonly Route[], request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const methods = methodsOf(routes, request.raw.url ?? "/");
  if (methods === null) throw new BandloomError("NOT_FOUND", "There is nothing at this address.");
  if (request.method === "OPTIONS") {
    return reply
      .code(204)
      .headers({
        allow: methods,
        "access-control-allow-methods": methods,
        "access-control-allow-headers": "*, authorization",
        "access-control-max-age": PREFLIGHT_AGE,
      })
      .send();
  }
  if (methods.split(", ").includes(request.method)) {
    throw new BandloomError("NOT_FOUND", "There is nothing at this address.");
  }
  // A body that nobody reads must not keep the connection busy.
  reply.headers({ allow: methods, connection: "close" });
  throw new BandloomError("METHOD_NOT_ALLOWED", `This address takes ${methods}.`);
}

function methodsOf(routes: readonly Route[], url: string): string | null {
  const end = url.indexOf("?");
  const path = end < 0 ? url : url.slice(0, end);
  const route = routes.find((known) =>
    known.path !== "/" && known.path.endsWith("/") ? path.startsWith(known.path) : path === known.path,
  );
  return route?.methods ?? null;
}
