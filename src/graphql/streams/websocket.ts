import { type IncomingHttpHeaders, type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";
import { execute, subscribe } from "graphql";
import type { Context } from "graphql-ws";
import { type Extra, useServer as serveOperations } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import { BandloomError } from "../../core/errors.ts";
import type { Services } from "../../service/types.ts";
import { createContext } from "../context.ts";
import { assertMutationAllowed, isOwnPage, type MutationPolicy } from "../mutation-policy.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { StreamedOperations } from "./operations.ts";

/** Operations that one connection may have at a time: a page with a viewer has a few. */
const MAX_OPERATIONS = 16;
/** A client that does not say that it speaks the protocol within this time does not. */
const INIT_WITHIN_MS = 5_000;
/** Shorter than the 60 s after which proxies take a silent connection for dead. */
const PING_EVERY_MS = 12_000;
const PATHS: ReadonlySet<string> = new Set(["/graphql", "/graphql/stream"]);

interface WebSocketOptions {
  readonly services: Services;
  readonly operations: StreamedOperations;
  readonly streams: OpenStreams;
  readonly mutations: MutationPolicy;
  /** Base of absolute URLs: a page from there is our own. */
  readonly publicUrl: string | undefined;
}

type Params = Readonly<Record<string, unknown>> | undefined;

/** Operations over WebSocket (the protocol graphql-transport-ws) at `/graphql`, for this server's pages and for programs. */
export function acceptWebSockets(app: FastifyInstance, options: WebSocketOptions): void {
  const { services, operations, streams, mutations, publicUrl } = options;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: services.limits.requestBytes,
    perMessageDeflate: false,
  });
  const running = new WeakMap<Context<Params, Extra>, Map<string, AbortController>>();
  const stopAll = (context: Context<Params, Extra>) => {
    for (const operation of running.get(context)?.values() ?? []) operation.abort();
    running.delete(context);
  };
  const sockets = serveOperations<Params, Partial<Extra>>(
    {
      execute,
      subscribe,
      connectionInitWaitTimeout: INIT_WITHIN_MS,
      onSubscribe: async (context, id, payload) => {
        const own = running.get(context as Context<Params, Extra>) ?? new Map<string, AbortController>();
        running.set(context as Context<Params, Extra>, own);
        if (own.size >= MAX_OPERATIONS) {
          const message = `One connection has at most ${MAX_OPERATIONS} operations at a time.`;
          return operations.refused("LIMIT_EXCEEDED", message);
        }
        const stop = new AbortController();
        own.set(id, stop);
        const headers = headersOf(context as Context<Params, Extra>);
        const signal = AbortSignal.any([stop.signal, streams.ending]);
        const prepared = await operations.prepare(
          payload,
          createContext(services, signal, () => assertMutationAllowed(mutations, headers)),
          true,
        );
        if (!("schema" in prepared)) own.delete(id);
        return prepared;
      },
      // Checked before, with our rules.
      validate: () => [],
      onNext: (_context, _id, _payload, _args, result) => operations.format(result),
      onError: (_context, _id, _payload, errors) => operations.formatErrors(errors),
      onComplete: (context, id) => {
        const own = running.get(context as Context<Params, Extra>);
        own?.get(id)?.abort();
        own?.delete(id);
      },
      onClose: (context) => stopAll(context as Context<Params, Extra>),
    },
    server,
    PING_EVERY_MS,
  );
  app.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    try {
      assertUpgrade(request, publicUrl);
      const leave = streams.enter();
      socket.once("close", leave);
      server.handleUpgrade(request, socket, head, (client) => server.emit("connection", client, request));
    } catch (error) {
      refuse(socket, error);
    }
  });
  app.addHook("preClose", async () => {
    streams.end();
    // Lets the streams say that they are complete.
    await new Promise((resolve) => setImmediate(resolve));
    await sockets.dispose();
  });
}

/** What a browser cannot send as a header of a WebSocket it sends when the connection begins. */
function headersOf({ connectionParams, extra }: Context<Params, Extra>): IncomingHttpHeaders {
  const { headers } = extra.request;
  const given = connectionParams?.authorization ?? connectionParams?.Authorization;
  return typeof given === "string" ? { ...headers, authorization: given } : headers;
}

function assertUpgrade({ url = "", headers }: IncomingMessage, publicUrl: string | undefined): void {
  if (!PATHS.has(url.split("?")[0] ?? "")) throw new BandloomError("NOT_FOUND", "There is nothing at this address.");
  const isPublic = publicUrl !== undefined && headers.origin === new URL(publicUrl).origin;
  if (!isPublic && !isOwnPage(headers))
    throw new BandloomError("FORBIDDEN", "WebSockets are for this server's own pages: others take /graphql/stream.");
}

function refuse(socket: Duplex, error: unknown): void {
  const known = error instanceof BandloomError ? error : new BandloomError("INTERNAL", "Something went wrong.");
  const body = JSON.stringify({ code: known.code, message: known.message });
  const head = [
    `HTTP/1.1 ${known.status} ${STATUS_CODES[known.status]}`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "cache-control: no-store",
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
