import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyError, FastifyInstance, FastifyRequest } from "fastify";
import { errorHeaders } from "../core/error-answer.ts";
import { BandloomError, type ErrorCode } from "../core/errors.ts";
import { leavingSignal } from "../service/askers.ts";
import type { Trusts } from "../service/clients.ts";
import type { Services } from "../service/types/services.ts";
import { createApollo } from "./apollo.ts";
import { Callers, type Known } from "./callers.ts";
import { createContext, type GraphqlContext } from "./context.ts";
import { registerPage } from "./page-route.ts";
import { acceptOnlyJson } from "./request-body.ts";
import { buildBandloomSchema } from "./schema.ts";
import { OpenStreams } from "./streams/open-streams.ts";
import { StreamedOperations } from "./streams/operations.ts";
import { registerEventStreams } from "./streams/sse.ts";
import { acceptWebSockets } from "./streams/websocket.ts";

export interface GraphqlOptions {
  /** Let clients ask for the schema; the page needs it for completion and documentation. */
  readonly introspection: boolean;
  /** Base of tile URLs when they are absolute: the page may show pictures from there. */
  readonly publicUrl?: string | undefined;
  /** Proxies whose word of an address is taken. */
  readonly trusts: Trusts;
}

/**
 * `/graphql` for programs, and for people a page at `/` (and at `/graphql` for browsers) where queries are written and their
 * pictures seen.
 */
export async function registerGraphql(
  app: FastifyInstance,
  services: Services,
  options: GraphqlOptions,
): Promise<void> {
  const settings = {
    schema: buildBandloomSchema(),
    texts: services.texts,
    limits: services.limits,
    introspection: options.introspection,
    onInternalError: (err: unknown) => app.log.error({ err }, "A resolver failed."),
  };
  const apollo = createApollo(settings);
  const streams = new OpenStreams(services.limits.streams);
  const callers = new Callers(services, options.trusts, app.log);
  const known = new WeakMap<FastifyRequest, Known>();
  const knownOf = (request: FastifyRequest) => {
    const found = known.get(request);
    if (found) return found;
    throw new Error("An operation is answered whose sender is not known.");
  };
  const streaming = { services, operations: new StreamedOperations(settings), streams, callers, knownOf };
  acceptWebSockets(app, {
    ...streaming,
    trusts: options.trusts,
    publicUrl: options.publicUrl,
    onInternalError: settings.onInternalError,
  });
  await apollo.start();
  app.addHook("onClose", () => apollo.stop());
  const page = await registerPage(app, options.publicUrl);

  await app.register(async (scope) => {
    acceptOnlyJson(scope, services.limits.requestBytes);
    // Before its body is read: nobody is told what is wrong with an operation of somebody who may not send any.
    scope.addHook("onRequest", async (request) => {
      known.set(request, await callers.find(request));
    });
    scope.setErrorHandler<FastifyError>((error, _request, reply) => {
      const { status, code, message } = describe(error);
      if (status >= 500) scope.log.error({ err: error }, "A GraphQL request failed.");
      return reply
        .code(status)
        .headers(error instanceof BandloomError ? errorHeaders(error) : { "cache-control": "no-store" })
        .send({ errors: [{ message, extensions: { code } }] });
    });
    const answer = fastifyApolloHandler<GraphqlContext>(apollo, {
      context: async (request, reply) => {
        const { services, owner, caller } = knownOf(request);
        return createContext(services, leavingSignal(reply.raw, owner), caller);
      },
    });
    scope.get("/graphql", function (request, reply) {
      return page && isBrowser(request) ? page(reply) : answer.call(this, request, reply);
    });
    scope.post("/graphql", answer);
    registerEventStreams(scope, streaming);
    scope.route({
      method: ["PUT", "PATCH", "DELETE"],
      url: "/graphql",
      handler: (_request, reply) => {
        reply.header("allow", "GET, HEAD, POST, OPTIONS");
        throw new BandloomError("METHOD_NOT_ALLOWED", "Send queries by POST or GET.");
      },
    });
  });
}

/** A person who opened the address, not a program that sends a query. */
function isBrowser({ headers, query }: FastifyRequest): boolean {
  const asksQuery = typeof query === "object" && query !== null && "query" in query;
  return !asksQuery && (headers.accept ?? "").includes("text/html");
}

interface Described {
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** fastify's refusals (before GraphQL sees anything) in the words of the error contract. */
function describe(error: FastifyError): Described {
  if (error instanceof BandloomError) return { status: error.status, code: error.code, message: error.message };
  switch (error.statusCode) {
    case 413:
      return { status: 413, code: "TOO_LARGE", message: "The body is too large. Shorten the query or its variables." };
    case 415: {
      const message = "Send the request as application/json in UTF-8.";
      return { status: 415, code: "UNSUPPORTED_MEDIA_TYPE", message };
    }
    case 400:
      return { status: 400, code: "BAD_REQUEST", message: "The body is not a JSON object with a query." };
    default:
      return { status: 500, code: "INTERNAL", message: "Something went wrong inside the server. It has been logged." };
  }
}
