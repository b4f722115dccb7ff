import { once } from "node:events";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { createMetricsServer, createServer, Metrics } from "../../http/index.ts";
import type { Settings } from "../config/settings.ts";
import { announcement } from "./announcement.ts";
import { BACKLOG, listen, listening } from "./listen.ts";
import type { Handle, StartMessage } from "./messages.ts";
import { MoreListeners } from "./more-listeners.ts";
import { openServices } from "./open-services.ts";

/** Requests that run when the server is to end may take this long. */
const DRAIN_MS = 10_000;
const IDLE_CHECK_MS = 50;
/** What is connected and has not sent a byte by then asks for nothing; to Node it is as busy as any. */
const SILENT_MS = 500;

interface ServeOptions extends StartMessage {
  /** Of the address, where another process has bound it. */
  readonly handle: Handle | undefined;
  readonly stop: AbortSignal;
  readonly onReady: (server: Server, listeners: MoreListeners) => void;
}

/** Serves until `stop`, then lets running requests finish. Rejects when it cannot begin. */
export async function serve({ settings, announce, secret, handle, stop, onReady }: ServeOptions): Promise<void> {
  const services = await openServices(settings, secret, stop);
  let metricsServer: Server | null = null;
  try {
    const { host, port, role, publicUrl, trustedProxies } = settings;
    const metrics = settings.metricsPort === null ? null : new Metrics(services);
    const app = await createServer({
      ...{ services, role, introspection: settings.introspection, logLevel: settings.logLevel },
      ...(publicUrl === null ? {} : { publicUrl }),
      ...(trustedProxies === null ? {} : { trustedProxies }),
      ...(metrics ? { metrics } : {}),
    });
    const connections = connectionsOf(app.server);
    metricsServer = metrics && (await serveMetrics(metrics, settings));
    // Node takes the backlog for an address alone; for a handle the other listeners, which follow at once, set it again.
    const address = { host, port, backlog: BACKLOG, ...(handle ? { handle } : {}) };
    const url = await listen(() => app.listen(address), app.server, { host, port, flag: "--port" });
    onReady(app.server, new MoreListeners(app.server));
    if (announce) process.stdout.write(await announcement(services, url, settings, secret));
    if (!stop.aborted) await once(stop, "abort");
    await drain(app, connections);
  } finally {
    metricsServer?.close();
    metricsServer?.closeAllConnections();
    await services.close();
  }
}

async function serveMetrics(metrics: Metrics, { host, metricsPort }: Settings): Promise<Server> {
  const server = createMetricsServer(metrics);
  const port = metricsPort ?? 0;
  await listen(() => listening(server, host, port), server, { host, port, flag: "--metrics-port" });
  return server;
}

/** Those that are open, at any time. */
function connectionsOf(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  return open;
}

async function drain(app: FastifyInstance, connections: ReadonlySet<Socket>): Promise<void> {
  // A connection whose last request was answered meanwhile would be kept open for the next one, which will not be served.
  const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS);
  const silent = setTimeout(() => {
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  }, SILENT_MS);
  const late = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(silent);
    clearTimeout(late);
  }
}
