import { setMaxListeners } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import addressOf from "@fastify/proxy-addr";
import type { FastifyInstance } from "fastify";
import { subscribe } from "graphql";
import { type Context, handleProtocols, makeServer } from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import { isOwnPage } from "../../access/index.ts";
import { BandloomError } from "../../core/errors.ts";
import { own } from "../../core/owner.ts";
import { promiseWithResolver } from "../../core/promise.ts";
import { clientOf, type Trusts } from "../../service/clients.ts";
import type { Services } from "../../service/types/services.ts";
import type { Callers, Known } from "../callers.ts";
import { createContext } from "../context.ts";
import { Arrivals, type Operation } from "./arrivals.ts";
import { carry } from "./carry.ts";
import { IdleTimer } from "./idle-timer.ts";
import type { OpenStream, OpenStreams } from "./open-streams.ts";
import type { StreamedOperations } from "./operations.ts";
import { canServeWithoutUpgrade, serveWithoutUpgrade } from "./without-upgrade.ts";

/** A client that does not say that it speaks the protocol within this time does not. */
const INIT_WITHIN_MS = 5_000;
/** When the server ends, who does not say goodbye within this time is cut off. */
const GOODBYE_WITHIN_MS = 2_000;
/** So many times what one connection may have at a time it may have left and not ended yet: who pans leaves many and begins as many. */
const LEFT_AND_WANTED = 4;
/**
 * RFC 6455, section 7.4.1. Who has nothing running is closed as after a job well done: clients of graphql-ws connect again at once where they
 * want to stay, or where an operation crossed the close, count no failure, and are otherwise silent.
 */
const NORMAL = 1000;
const GOING_AWAY = 1001;
/** As graphql-ws closes where `onConnect` says no: clients show it, and do not come back by themselves. */
const FORBIDDEN = 4403;

const PATHS: ReadonlySet<string> = new Set(["/graphql", "/graphql/stream"]);

interface WebSocketOptions {
  readonly services: Services;
  readonly operations: StreamedOperations;
  readonly streams: OpenStreams;
  readonly callers: Callers;
  /** Proxies whose word of an address is taken. */
  readonly trusts: Trusts;
  /** Base of absolute URLs: a page from there is our own. */
  readonly publicUrl: string | undefined;
  /** Told of exceptions that are no BandloomError. */
  readonly onInternalError: (error: unknown) => void;
}

type Params = Readonly<Record<string, unknown>> | undefined;

interface RunningOperation extends Operation {
  readonly ended: () => void;
}

/** A WebSocket, and what runs for it. By what was sent: a client may use an id again before the operation that had it has ended. */
interface Connection {
  readonly request: IncomingMessage;
  /** Null until it has said who it is. */
  known: Known | null;
  readonly stream: OpenStream;
  readonly operations: Map<object, RunningOperation>;
  /** Runs while there are none. */
  readonly idle: IdleTimer;
}

/** Operations over WebSocket (the protocol graphql-transport-ws) at `/graphql`, for this server's pages and for programs. */
export function acceptWebSockets(app: FastifyInstance, options: WebSocketOptions): void {
  const { services, operations, streams, callers, trusts, publicUrl, onInternalError } = options;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: services.limits.requestBytes,
    perMessageDeflate: false,
    handleProtocols,
  });
  const protocol = makeServer<Params, Connection>({
    execute: operations.execute,
    subscribe,
    connectionInitWaitTimeout: INIT_WITHIN_MS,
    onConnect: async (context) => {
      const { request } = context.extra;
      const sent = { raw: request, ip: addressOf(request, trusts), headers: headersOf(context) };
      try {
        context.extra.known = await callers.find(sent);
        return true;
      } catch (error) {
        // Closes with 4403.
        if (error instanceof BandloomError) return false;
        throw error;
      }
    },
    onSubscribe: async (context, id, payload) => {
      const connection = context.extra;
      const { known } = connection;
      if (!known) return operations.refused("UNAUTHENTICATED", "The connection has not begun.");
      const most = services.limits.streamOperations;
      const all = [...connection.operations.values()];
      const wanted = all.filter(({ stop }) => !stop.signal.aborted);
      if (wanted.length >= most || all.length >= most * LEFT_AND_WANTED)
        return operations.refused("LIMIT_EXCEEDED", `One connection has at most ${most} operations at a time.`);
      const stop = new AbortController();
      setMaxListeners(0, own(stop.signal, known.owner));
      const { promise: end, resolve: ended } = promiseWithResolver();
      connection.operations.set(payload, { id, stop, end, ended });
      connection.idle.stop();
      if (connection.stream.signal.aborted) stop.abort(connection.stream.signal.reason);
      const prepared = await operations.prepare(
        payload,
        createContext(known.services, stop.signal, known.caller),
        true,
      );
      if (!("schema" in prepared)) forget(connection, payload);
      return prepared;
    },
    // Checked before, with our rules.
    validate: () => [],
    onNext: (_context, _id, _payload, _args, result) => operations.format(result),
    onError: (_context, _id, _payload, errors) => operations.formatErrors(errors),
    onComplete: ({ extra }, _id, payload) => forget(extra, payload),
  });
  app.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.headers.upgrade?.toLowerCase() !== "websocket" && canServeWithoutUpgrade(request, socket))
      return serveWithoutUpgrade(app.server, request, socket, head);
    socket.on("error", () => socket.destroy());
    try {
      assertUpgrade(request, publicUrl);
      let connection: Connection | null = null;
      const mayGoOn = async () => connection?.known?.check();
      const stream = streams.enter(clientOf(addressOf(request, trusts)), mayGoOn);
      socket.once("close", stream.leave);
      server.handleUpgrade(request, socket, head, (client) => {
        const idle = new IdleTimer(services.limits.streamIdleMs, () => client.close(NORMAL, "No operation runs"));
        const opened: Connection = { request, known: null, stream, operations: new Map(), idle };
        connection = opened;
        stream.signal.addEventListener("abort", () => ended(opened, client), { once: true });
        carry(protocol, client, opened, new Arrivals(opened.operations), onInternalError);
      });
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
    for (const client of server.clients) client.close(GOING_AWAY);
    await new Promise((resolve) => server.close(resolve));
    clearTimeout(late);
  });
}

function forget({ operations, idle, stream }: Connection, payload: object): void {
  const operation = operations.get(payload);
  operations.delete(payload);
  if (operations.size === 0 && !stream.signal.aborted) idle.start();
  operation?.stop.abort();
  operation?.ended();
}

function ended(connection: Connection, client: WebSocket): void {
  const { reason } = connection.stream.signal;
  stopAll(connection);
  if (reason instanceof BandloomError && reason.code === "UNAUTHENTICATED") client.close(FORBIDDEN, "Access has ended");
}

function stopAll({ operations, stream, idle }: Connection): void {
  idle.stop();
  for (const { stop } of operations.values()) stop.abort(stream.signal.reason);
}

/** What a browser cannot send as a header of a WebSocket it sends when the connection begins. */
function headersOf({ connectionParams, extra }: Context<Params, Connection>): IncomingHttpHeaders {
  const { headers } = extra.request;
  const given = connectionParams?.authorization ?? connectionParams?.Authorization;
  return typeof given === "string" ? { ...headers, authorization: given } : headers;
}

function assertUpgrade({ url = "", headers }: IncomingMessage, publicUrl: string | undefined): void {
  if (headers.upgrade?.toLowerCase() !== "websocket")
    throw new BandloomError("BAD_REQUEST", "Send this request without the header Upgrade.");
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
  // Nothing else would end it: what comes is read by nobody, so that its end is not seen.
  socket.once("finish", () => socket.destroy());
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
