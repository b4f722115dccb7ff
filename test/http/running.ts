import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Role } from "../../src/core/roles.ts";
import type { MutationPolicy } from "../../src/graphql/index.ts";
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

interface RunOptions {
  readonly cacheFolder?: string | null;
  readonly redisUrl?: string;
  readonly stateRedisUrl?: string;
  readonly mutations?: MutationPolicy;
  readonly signing?: ServiceOptions["signing"];
  readonly role?: Role;
  readonly originals?: boolean;
  /** A server whose images are served in place of the folder's. */
  readonly filesUrl?: string;
  readonly renderUrl?: string;
  /** Any that is free when left out. */
  readonly port?: number;
  readonly introspection?: boolean;
  /** In place of what every server grants. */
  readonly limits?: Partial<Limits>;
}

/** The whole server in this process, on a data folder with the given images (path in the folder → description). */
export async function runServer(
  images: Readonly<Record<string, DirectorySpec>>,
  { cacheFolder = null, redisUrl, stateRedisUrl, mutations, signing, port: wanted = 0, ...roles }: RunOptions = {},
): Promise<Running> {
  const { role, originals, filesUrl, renderUrl, introspection = true, limits } = roles;
  const folder = await mkdtemp(join(tmpdir(), "bandloom-http-"));
  for (const [name, directory] of Object.entries(images)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), buildTiff({ directories: [directory] }));
  }
  const events: string[] = [];
  const made = await createServices({
    dataFolder: folder,
    cacheFolder,
    ...(redisUrl === undefined ? {} : { redisUrl }),
    ...(stateRedisUrl === undefined ? {} : { stateRedisUrl }),
    ...(signing ? { signing } : {}),
    ...(role ? { role } : {}),
    ...(originals === undefined ? {} : { originals }),
    ...(filesUrl === undefined ? {} : { filesUrl }),
    ...(renderUrl === undefined ? {} : { renderUrl }),
    cacheBytes: cacheFolder === null ? 0 : 2 ** 24,
    memoryBytes: 64 * 1024 * 1024,
    workers: 1,
    onEvent: ({ message }) => events.push(message),
  });
  const services = { ...made, limits: { ...made.limits, ...limits } };
  const metrics = new Metrics(services);
  const app = await createServer({
    services,
    metrics,
    ...(role ? { role } : {}),
    introspection,
    logLevel: "silent",
    ...(mutations ? { mutations } : {}),
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
      await app.close();
      await services.close();
      await rm(folder, { recursive: true });
    },
  };
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
