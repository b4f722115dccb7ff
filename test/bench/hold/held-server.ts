import { execFileSync } from "node:child_process";
import { constants, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort, type RunningServer, type ServerOptions, startServer } from "../../fixtures/server.ts";
import { Caller } from "./caller.ts";
import type { Kind } from "./requests.ts";

/** Of the documentation (RFC 5737): nobody has them. */
export const POLITE = "198.51.100.1";
export const GREEDY = "198.51.100.2";
/** Of a crowd in which nobody is greedy. */
export const CROWD = Array.from({ length: 64 }, (_, n) => `203.0.113.${n + 1}`);

/** Images of 4,096² pixels and 15 channels: one that is asked for, and four that make a catalogue of it. */
const OTHERS = 4;
/** A load takes its numbers from a block, so that no two loads ask for the same. */
const BLOCK = 1_000_000;
/** The most that one piece of work may take is 30 s of a worker, and there are two at a time. */
const IDLE_WITHIN_MS = 120_000;
/** Idle in so many looks, one after another. */
const IDLE_LOOKS = 3;

/** The folder of the demo image and its copies; made once a run, by the program itself. */
export function heldImages(folder: string): string {
  const data = join(folder, "hold");
  const demo = join(data, "demo.ome.tif");
  if (existsSync(demo)) return data;
  mkdirSync(data, { recursive: true });
  const program = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
  execFileSync(process.execPath, [program, "demo", "-o", demo], { stdio: "ignore" });
  for (let n = 0; n < OTHERS; n++) copyFileSync(demo, join(data, `sky-${n}.ome.tif`), constants.COPYFILE_FICLONE);
  return data;
}

/** A server with one worker that tells clients apart by what the bench says of them. */
export class HeldServer {
  readonly server: RunningServer;
  readonly #cache: string;
  readonly #metrics: string;
  #blocks = 0;

  private constructor(server: RunningServer, cache: string, metrics: string) {
    this.server = server;
    this.#cache = cache;
    this.#metrics = metrics;
  }

  /** For as long as the work takes. `clients`: it tells them apart, which a build of before cannot. */
  static async use<T>(options: ServerOptions, work: (held: HeldServer) => Promise<T>, clients = true): Promise<T> {
    const held = await HeldServer.#start(options, clients ? { BANDLOOM_TRUSTED_PROXIES: "127.0.0.1" } : {});
    try {
      return await work(held);
    } finally {
      await held.server.stop();
      rmSync(held.#cache, { recursive: true, force: true });
    }
  }

  static async #start(options: ServerOptions, clients: Readonly<Record<string, string>>): Promise<HeldServer> {
    const port = `${await freePort()}`;
    const cache = mkdtempSync(join(tmpdir(), "bandloom-hold-"));
    const server = await startServer({
      ...options,
      environment: {
        ...{ BANDLOOM_WORKERS: "1", BANDLOOM_METRICS_PORT: port, BANDLOOM_CACHE: cache },
        ...clients,
        ...options.environment,
      },
    });
    return new HeldServer(server, cache, `http://127.0.0.1:${port}/metrics`);
  }

  get port(): number {
    return this.server.port;
  }

  /** First number of a block that nobody has asked for. */
  numbers(): number {
    return this.#blocks++ * BLOCK;
  }

  caller(connections: number, addresses: readonly string[] = [POLITE]): Caller {
    return new Caller(this.port, addresses, connections);
  }

  /** A load's address, numbers and what it asks for. */
  load(kind: Kind, addresses: readonly string[]) {
    return { port: this.port, kind, from: this.numbers(), addresses };
  }

  /** Value of a metric, 0 where there is none of its name yet. */
  async metric(...names: readonly string[]): Promise<readonly number[]> {
    const text = await (await fetch(this.#metrics)).text();
    return names.map((name) => Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "m").exec(text)?.[1] ?? 0));
  }

  /** Resolves when no worker has anything to do. */
  async idle(): Promise<void> {
    const deadline = performance.now() + IDLE_WITHIN_MS;
    for (let looks = 0; looks < IDLE_LOOKS; ) {
      const [queued, busy] = await this.metric("bandloom_render_queue", "bandloom_render_workers_busy");
      looks = queued === 0 && busy === 0 ? looks + 1 : 0;
      if (performance.now() > deadline) throw new Error(`The server is still busy:\n${this.server.output()}`);
      await sleep(100);
    }
  }
}
