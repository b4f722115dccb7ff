import { accessSync, constants, mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { FastifyInstance } from "fastify";
import { createServer } from "../../http/index.ts";
import { createServices, type Services } from "../../service/index.ts";
import { writeDemo } from "../commands/demo.ts";
import type { Config } from "../config/settings.ts";
import { DEFAULT_DEMO_SIZE, demoFileName } from "../demo/make.ts";
import { EXIT } from "../exit.ts";
import type { FromServer } from "./messages.ts";
import { welcome } from "./welcome.ts";

/** Requests that run when the server is told to end may take this long, milliseconds. */
const DRAIN_MS = 10_000;

/** Serves until it is told to end (SIGTERM, or the supervisor is gone); then finishes what it is doing. Gives an exit code. */
export async function runServer(config: Config, again: boolean): Promise<number> {
  // A terminal sends Ctrl-C to the whole group: the supervisor decides.
  process.on("SIGINT", () => {});
  const ended = new Promise<void>((end) => {
    process.once("SIGTERM", end);
    process.once("disconnect", end);
  });
  try {
    const folder = resolve(config.data);
    mkdirSync(folder, { recursive: true });
    if (isEmpty(folder) && isWritable(folder))
      await writeDemo(join(folder, demoFileName(DEFAULT_DEMO_SIZE)), DEFAULT_DEMO_SIZE, false);
    const services = await startServices(config, folder);
    const app = await listen(config, services);
    process.send?.({ kind: "ready" } satisfies FromServer);
    if (!again) process.stdout.write(await welcome(config, services));
    await ended;
    await drain(app, services);
    return EXIT.done;
  } catch (error) {
    process.stderr.write(`bandloom: ${reason(error, config)}\n`);
    return EXIT.failed;
  } finally {
    if (process.connected) process.disconnect();
  }
}

function startServices(config: Config, folder: string): Promise<Services> {
  const { workers, redisUrl, publicUrl, logLevel } = config;
  return createServices({
    dataFolder: folder,
    cacheFolder: config.cache === undefined ? join(folder, ".bandloom") : resolve(config.cache),
    cacheBytes: config.cacheBytes,
    memoryBytes: config.memoryBytes,
    ...(workers === undefined ? {} : { workers }),
    ...(redisUrl === undefined ? {} : { redisUrl }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    onEvent: ({ level, message }) => {
      if (logLevel !== "silent") process.stderr.write(`${JSON.stringify({ level, time: Date.now(), msg: message })}\n`);
    },
  });
}

async function listen(config: Config, services: Services): Promise<FastifyInstance> {
  const { introspection, logLevel, publicUrl, host, port } = config;
  const app = await createServer({
    ...{ services, introspection, logLevel },
    ...(publicUrl === undefined ? {} : { publicUrl }),
  });
  await app.listen({ host, port });
  return app;
}

async function drain(app: FastifyInstance, services: Services): Promise<void> {
  const late = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
  late.unref();
  app.server.closeIdleConnections();
  await app.close();
  clearTimeout(late);
  await services.close();
}

function isEmpty(folder: string): boolean {
  return readdirSync(folder).every((name) => name.startsWith("."));
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A sentence for the operator; paths are his own. */
function reason(error: unknown, { host, port, data }: Config): string {
  const { code, message, stack } = error as NodeJS.ErrnoException;
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} of ${host} is in use: stop what listens there, or choose another with --port.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is no address of this machine: choose another with --host.`;
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `the data folder ${data} or port ${port} may not be used (${code}): choose others with --data and --port.`;
    case "EEXIST":
    case "ENOTDIR":
      return `the data folder ${data} is no folder: choose another with --data.`;
    default:
      return code === undefined ? (stack ?? message) : message;
  }
}
