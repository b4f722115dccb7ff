import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type ExecutionResult, type GraphQLError, subscribe } from "graphql";
import { createHandler } from "graphql-sse/lib/use/fastify";
import { isOwnPage } from "../../access/index.ts";
import { BandloomError } from "../../core/errors.ts";
import type { Known } from "../callers.ts";
import { createContext, type GraphqlContext } from "../context.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { StreamedOperations } from "./operations.ts";

/** What graphql-sse takes for a context: it must be able to hold any name. */
type StreamContext = GraphqlContext & Record<PropertyKey, unknown>;

interface StreamOptions {
  readonly operations: StreamedOperations;
  readonly streams: OpenStreams;
  /** Who sent a request that was let in. */
  readonly knownOf: (request: FastifyRequest) => Known;
}

const PATH = "/graphql/stream";
const EVENTS = "text/event-stream";
/** A client that takes nothing of what waits for it for so long is gone, or as good as gone. */
const UNREAD_MS = 60_000;
/** How often it is looked whether a client that reads slowly has taken what it was sent. */
const LOOK_AGAIN_MS = 10;

/** Answers as events (GraphQL over SSE, distinct connections): subscriptions, and queries too. A heartbeat passes every 12 s. */
export function registerEventStreams(scope: FastifyInstance, { operations, streams, knownOf }: StreamOptions): void {
  const answers = new WeakMap<FastifyRequest, { readonly context: StreamContext; readonly response: ServerResponse }>();
  const answerOf = (request: FastifyRequest) => {
    const known = answers.get(request);
    if (known) return known;
    throw new Error("A request has no context.");
  };
  const handler = createHandler<StreamContext>({
    execute: operations.execute,
    subscribe,
    // One operation a connection: nothing is kept between requests.
    authenticate: () => null,
    context: ({ raw }) => answerOf(raw).context,
    onSubscribe: async ({ raw }, params) => {
      const { context } = answerOf(raw);
      const prepared = await operations.prepare(params, context, raw.method === "POST");
      if (!("schema" in prepared)) return refused(operations, prepared);
      return { ...prepared, contextValue: context };
    },
    // Checked before, with our rules.
    validate: () => [],
    // Nothing is deferred, so no result is a patch; errors become plain objects, which they would become as JSON anyway.
    onNext: async (context, { raw }, result) => {
      await taken(answerOf(raw).response, context.signal);
      return operations.format(result as ExecutionResult) as ExecutionResult;
    },
  });
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    if (!(request.headers.accept ?? "").includes(EVENTS))
      throw new BandloomError("NOT_ACCEPTABLE", `Answers here are event streams: send Accept: ${EVENTS}.`);
    // A page of another site may send a GET without asking first; what it may send by POST it has asked for.
    if (request.method === "GET" && !isOwnPage(request.headers))
      throw new BandloomError("FORBIDDEN", "Pages of other sites send operations by POST, as application/json.");
    const { services, owner, caller, check } = knownOf(request);
    const stream = streams.enter(owner, check);
    reply.raw.once("close", stream.leave);
    reply.raw.setTimeout(UNREAD_MS, () => {
      if (reply.raw.writableLength > 0) reply.raw.destroy();
    });
    const context = { ...createContext(services, stream.signal, caller) };
    answers.set(request, { context, response: reply.raw });
    request.headers.accept = EVENTS;
    // nginx would gather what is meant to come at once.
    reply.header("x-accel-buffering", "no").hijack();
    try {
      await handler(request, reply);
    } catch (error) {
      // What was being written to a client that left fails too.
      const left = reply.raw.socket?.destroyed ?? true;
      if (!left) scope.log.error({ err: error }, "An event stream failed.");
      reply.raw.destroy();
    }
  };
  scope.get(PATH, answer);
  scope.post(PATH, answer);
  scope.route({
    method: ["PUT", "PATCH", "DELETE"],
    url: PATH,
    handler: (_request, reply) => {
      reply.header("allow", "GET, HEAD, POST, OPTIONS");
      throw new BandloomError("METHOD_NOT_ALLOWED", "Send operations by POST or GET.");
    },
  });
}

/** What a client has not read yet is not to grow: the next event is asked for when the last one is on its way. */
async function taken(response: ServerResponse, signal: AbortSignal): Promise<void> {
  while (response.writableLength > 0 && !signal.aborted) await sleep(LOOK_AGAIN_MS);
}

function refused(operations: StreamedOperations, errors: readonly GraphQLError[]) {
  const body = JSON.stringify({ errors: operations.formatErrors(errors) });
  const headers = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };
  return [body, { status: 400, statusText: "Bad Request", headers }] as const;
}
