import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { createServer, Metrics } from "../../src/http/index.ts";
import { createServices, type ServiceOptions } from "../../src/service/index.ts";
import type { Limits } from "../../src/service/types/limits.ts";
import { buildTiff, type DirectorySpec } from "../fixtures/tiff-builder.ts";

export interface Running {
  readonly url: string;
  readonly port: number;
  /** Data folder. */
  readonly folder: string;
  /** What was told to the operator. */
  readonly events: readonly string[];
  readonly metrics: Metrics;
  get(path: string, init?: RequestInit): Promise<Response>;
  /** Bytes on a socket, and what comes back until the server closes it. */
  raw(text: string): Promise<RawAnswer>;
  close(): Promise<void>;
}

interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Longer than any machine stands still: only tests of an answer that does not come set a time of their own. */
const PATIENT_MS = 60_000;

interface RunOptions
  extends Pick<
    ServiceOptions,
    | "access"
    | "redisUrl"
    | "redisTimeoutMs"
    | "stateRedisUrl"
    | "stateRedisTimeoutMs"
    | "signing"
    | "role"
    | "originals"
    | "filesUrl"
    | "renderUrl"
    | "catalogueFile"
    | "remote"
    | "remoteCheckMs"
    | "chunkHoldMs"
    | "sharing"
  > {
  readonly cacheFolder?: string | null;
  /** In place of the folder of its own. */
  readonly dataFolder?: string;
  readonly trustedProxies?: readonly string[];
  /** Any that is free when left out: one of `freePort` where a server is to come back at the same. */
  readonly port?: number;
  readonly introspection?: boolean;
  /** In place of what every server grants. */
  readonly limits?: Partial<Limits>;
}

/** The whole server in this process, on a data folder with the given images (path in the folder → description). */
export async function runServer(
  images: Readonly<Record<string, DirectorySpec>>,
  options: RunOptions = {},
): Promise<Running> {
  const {
    cacheFolder = null,
    trustedProxies,
    introspection = true,
    limits,
    port: wanted = 0,
    sharing,
    ...others
  } = options;
  const folder = await mkdtemp(join(tmpdir(), "bandloom-http-"));
  for (const [name, directory] of Object.entries(images)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), buildTiff({ directories: [directory] }));
  }
  const events: string[] = [];
  const services = await createServices({
    dataFolder: folder,
    cacheFolder,
    ...{ redisTimeoutMs: PATIENT_MS, stateRedisTimeoutMs: PATIENT_MS, ...others },
    cacheBytes: cacheFolder === null ? 0 : 2 ** 24,
    memoryBytes: 64 * 1024 * 1024,
    workers: 1,
    sharing: { queueMs: PATIENT_MS, ...sharing },
    ...(limits ? { limits } : {}),
    onEvent: ({ message }) => events.push(message),
  });
  const metrics = new Metrics(services);
  const app = await createServer({
    services,
    metrics,
    ...(others.role ? { role: others.role } : {}),
    introspection,
    logLevel: "silent",
    ...(trustedProxies ? { trustedProxies } : {}),
  });
  const url = await app.listen({ host: "127.0.0.1", port: wanted });
  const port = Number(new URL(url).port);
  return {
    url,
    port,
    folder,
    events,
    metrics,
    get: (path, init) => fetch(url + path, init),
    raw: (text) => exchange(port, text),
    close: async () => {
      await closed(app);
      await services.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Looks for idle connections, fifty milliseconds between; who is not idle after so many is cut off. */
const DRAIN_LOOKS = 200;

/** Ends it as `serve` does: a connection that was answered a moment ago would be kept for a next request, for longer than a test may take. */
async function closed(app: FastifyInstance): Promise<void> {
  const end = app.close();
  let isOver = false;
  const over = end.finally(() => {
    isOver = true;
  });
  for (let look = 0; !isOver; look++) {
    if (look < DRAIN_LOOKS) app.server.closeIdleConnections();
    else app.server.closeAllConnections();
    await Promise.race([over, sleep(50)]);
  }
  await end;
}

/** What the server's metrics say now under this name. */
export async function measured({ metrics }: Running, name: string): Promise<number> {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(await metrics.text())?.[1]);
}

/** Resolves when a worker has begun. */
export async function whenBusy(server: Running): Promise<void> {
  while ((await measured(server, "bandloom_render_workers_busy")) === 0) await nextTurn();
}

/** Pictures that were rendered, when nothing is rendered any more and nothing waits for it. */
export async function whenQuiet(server: Running): Promise<number> {
  const look = async () => {
    const [rendered, ...busy] = await Promise.all(
      ["pictures_rendered_total", "render_workers_busy", "render_queue"].map((n) => measured(server, `bandloom_${n}`)),
    );
    return { rendered, isIdle: busy.every((count) => count === 0) };
  };
  for (let last = await look(); ; ) {
    // Time for what comes next to be handed out, where something does.
    await sleep(50);
    const now = await look();
    if (now.isIdle && last.isIdle && now.rendered === last.rendered) return now.rendered ?? 0;
    last = now;
  }
}

/** A request line as it stands (fetch would normalise it), on a connection of its own. */
export function requestText(target: string, method = "GET", headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n${lines.join("")}\r\n`;
}

/** Bytes on a socket to a port of the loopback, and what comes back until the server closes it. */
export function exchange(port: number, text: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", (error) => (chunks.length > 0 ? resolve(parse(chunks)) : reject(error)));
    socket.on("close", () => resolve(parse(chunks)));
  });
}

function parse(chunks: readonly Buffer[]): RawAnswer {
  const text = Buffer.concat(chunks).toString("latin1");
  const [head = "", ...body] = text.split("\r\n\r\n");
  const [status = "", ...lines] = head.split("\r\n");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(status.split(" ")[1]), headers: new Map(headers), body: body.join("\r\n\r\n") };
}
