import { setMaxListeners } from "node:events";
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
import type { OpenStream, OpenStreams } from "./open-streams.ts";
import type { StreamedOperations } from "./operations.ts";

/** A client that does not say that it speaks the protocol within this time does not. */
const INIT_WITHIN_MS = 5_000;
/** Shorter than the 60 s after which proxies take a silent connection for dead. */
const PING_EVERY_MS = 12_000;
/** Bytes of answers that a client leaves unread while it goes on asking: it does not mean to read them. */
const MAX_UNREAD = 2 ** 25;
/** When the server ends, who does not say goodbye within this time is cut off. */
const GOODBYE_WITHIN_MS = 2_000;
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

/** A WebSocket, and what runs for it. By what was sent: a client may use an id again before the operation that had it has ended. */
interface Connection {
  readonly stream: OpenStream;
  readonly operations: Map<object, { readonly id: string; readonly stop: AbortController }>;
}

/** Operations over WebSocket (the protocol graphql-transport-ws) at `/graphql`, for this server's pages and for programs. */
export function acceptWebSockets(app: FastifyInstance, options: WebSocketOptions): void {
  const { services, operations, streams, mutations, publicUrl } = options;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: services.limits.requestBytes,
    perMessageDeflate: false,
  });
  const connections = new WeakMap<IncomingMessage, Connection>();
  const connectionOf = ({ extra }: Pick<Context, "extra">): Connection => {
    const known = connections.get((extra as Extra).request);
    if (known) return known;
    throw new Error("A WebSocket has no connection.");
  };
  const sockets = serveOperations<Params, Partial<Extra>>(
    {
      execute,
      subscribe,
      connectionInitWaitTimeout: INIT_WITHIN_MS,
      // What fails inside is not told to clients.
      isProd: true,
      onSubscribe: async (context, id, payload) => {
        const own = connectionOf(context);
        const most = services.limits.streamOperations;
        // Its client has left the one that had this id before.
        for (const operation of own.operations.values()) if (operation.id === id) operation.stop.abort();
        if (own.operations.size >= most)
          return operations.refused("LIMIT_EXCEEDED", `One connection has at most ${most} operations at a time.`);
        const stop = new AbortController();
        setMaxListeners(0, stop.signal);
        own.operations.set(payload, { id, stop });
        if (own.stream.signal.aborted) stop.abort();
        const headers = headersOf(context as Context<Params, Extra>);
        const mayChange = () => assertMutationAllowed(mutations, headers);
        const prepared = await operations.prepare(payload, createContext(services, stop.signal, mayChange), true);
        if (!("schema" in prepared)) own.operations.delete(payload);
        return prepared;
      },
      // Checked before, with our rules.
      validate: () => [],
      onNext: (_context, _id, _payload, _args, result) => operations.format(result),
      onError: (_context, _id, _payload, errors) => operations.formatErrors(errors),
      onComplete: (context, _id, payload) => {
        const { operations: own } = connectionOf(context);
        own.get(payload)?.stop.abort();
        own.delete(payload);
      },
    },
    server,
    PING_EVERY_MS,
  );
  server.on("connection", (client) => {
    // The library would write what clients do wrong to stderr, with a stack.
    client.removeAllListeners("error").on("error", () => {});
    client.on("message", () => {
      if (client.bufferedAmount > MAX_UNREAD) client.terminate();
    });
  });
  app.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    try {
      assertUpgrade(request, publicUrl);
      const stream = streams.enter();
      const own: Connection = { stream, operations: new Map() };
      stream.signal.addEventListener("abort", () => stopAll(own), { once: true });
      connections.set(request, own);
      socket.once("close", stream.leave);
      server.handleUpgrade(request, socket, head, (client) => server.emit("connection", client, request));
    } catch (error) {
      refuse(socket, error);
    }
  });
  app.addHook("preClose", async () => {
    streams.end();
    // Lets the streams say that they are complete.
    await new Promise((resolve) => setImmediate(resolve));
    const late = setTimeout(() => {
      for (const client of server.clients) client.terminate();
    }, GOODBYE_WITHIN_MS);
    await sockets.dispose();
    clearTimeout(late);
  });
}

function stopAll({ operations }: Connection): void {
  for (const { stop } of operations.values()) stop.abort();
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
