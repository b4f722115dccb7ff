import { once } from "node:events";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { BandloomError } from "../../core/errors.ts";
import { createServer, isLoopback } from "../../http/index.ts";
import { createServices, type ServiceEvent, type Services } from "../../service/index.ts";
import { remoteOptions } from "../config/remote.ts";
import { LOG_LEVELS, type Settings } from "../config/settings.ts";
import { isSystemError } from "../failure.ts";
import { announcement } from "./announcement.ts";
import { prepareDataFolder } from "./data-folder.ts";
import type { StartMessage } from "./messages.ts";

/** Requests that run when the server is to end may take this long. */
const DRAIN_MS = 10_000;
const IDLE_CHECK_MS = 50;
const CACHE_FOLDER = ".bandloom";

/** Serves until `stop`, then lets running requests finish. Rejects when it cannot begin. */
export async function serve(
  { settings, announce }: StartMessage,
  stop: AbortSignal,
  onReady: () => void,
): Promise<void> {
  await prepareDataFolder(settings.data, stop, (event) => report(event, settings));
  const services = await openServices(settings);
  try {
    const app = await createServer({
      services,
      introspection: settings.introspection,
      logLevel: settings.logLevel,
      mutations: { token: settings.adminToken, open: isLoopback(settings.host) },
      ...(settings.publicUrl === null ? {} : { publicUrl: settings.publicUrl }),
    });
    const url = await listen(app, settings);
    onReady();
    if (announce) process.stdout.write(await announcement(services, url, settings.data));
    if (!stop.aborted) await once(stop, "abort");
    await drain(app);
  } finally {
    await services.close();
  }
}

function openServices(settings: Settings): Promise<Services> {
  const {
    data,
    catalogue,
    cache,
    cacheBytes,
    memoryBytes,
    workers,
    redisUrl,
    stateRedisUrl,
    publicUrl,
    flightWaitMs,
    signingKeys,
    linkHours,
  } = settings;
  return createServices({
    dataFolder: data,
    ...(catalogue === null ? {} : { catalogueFile: catalogue }),
    cacheFolder: cache ?? join(data, CACHE_FOLDER),
    ...{ cacheBytes, memoryBytes },
    ...(workers === null ? {} : { workers }),
    ...(redisUrl === null ? {} : { redisUrl }),
    flightWaitMs,
    ...(stateRedisUrl === null ? {} : { stateRedisUrl }),
    ...(publicUrl === null ? {} : { publicUrl }),
    ...(signingKeys === null ? {} : { signing: { keys: signingKeys, hours: linkHours } }),
    remote: remoteOptions(settings),
    onEvent: (event) => report(event, settings),
  });
}

/** Gives the URL at which a browser on this machine finds the server. */
async function listen(app: FastifyInstance, { host, port }: Settings): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new BandloomError("SOURCE_FAILED", cannotListen(error.code, host, port), { cause: error });
  }
  const address = app.server.address();
  const bound = typeof address === "object" && address ? address.port : port;
  const local = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${local.includes(":") ? `[${local}]` : local}:${bound}`;
}

function cannotListen(code: string | undefined, host: string, port: number): string {
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} of ${host} is in use by another program. Stop that, or choose another with --port.`;
    case "EACCES":
      return `Port ${port} may not be used by this user. Choose one above 1023 with --port.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `This machine has no address ${host}. Choose one that it has with --host, or 0.0.0.0 for all.`;
    default:
      return `The server cannot listen on ${host}, port ${port} (${code}).`;
  }
}

async function drain(app: FastifyInstance): Promise<void> {
  // A connection whose last request was answered meanwhile would be kept open for the next one, which will not be served.
  const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS);
  const late = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(late);
  }
}

/** What the services tell, where it is at least as grave as is logged. */
function report({ level, message }: ServiceEvent, { logLevel }: Settings): void {
  if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(logLevel)) return;
  process.stderr.write(`bandloom: ${level}: ${message}\n`);
}
