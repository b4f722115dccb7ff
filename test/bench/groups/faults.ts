import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startRedis } from "../../fixtures/redis.ts";
import { startRedisProxy } from "../../fixtures/redis-proxy.ts";
import { freePort, type RunningServer, startServer } from "../../fixtures/server.ts";
import type { Group } from "../group.ts";
import { HttpClient } from "../http-client.ts";
import { type BenchImage, benchFormula, benchImage, tilePath } from "../images.ts";
import { quantile } from "../measure.ts";
import { atMost, note, type Row } from "../row.ts";

/** Times that each fault begins: the first tile after it is what tells. */
const ONSETS = 7;
/** Tiles one after another after each of them. */
const TILES = 40;
/** Tiles until the fault is known: three commands that are not answered, each a moment after the other. */
const UNTIL_KNOWN = 8;
/** How late an answer of Redis is taken for none, milliseconds. */
const TIMEOUT = 50;
/** Two servers on one core differ by so much from tile to tile, milliseconds. */
const NOISE = 5;
const HEALTHY_WITHIN_MS = 60_000;

interface Fault {
  readonly name: string;
  /** Commands are not answered, so finding that out takes a timeout. */
  readonly hangs: boolean;
  readonly begin: () => unknown;
  readonly end: () => unknown;
}

/**
 * What a Redis that fails adds to a tile that has to be rendered anyway: each tile is asked for from a server that uses that Redis and from one that
 * has no cache, in turn, and the difference counts.
 */
export const rows: Group = async ({ folder }) => {
  const image = await benchImage(folder, 8, 256, 16_384);
  const data = join(image.path, "..");
  let redis = await startRedis();
  const proxy = await startRedisProxy(redis.port);
  const environment = { BANDLOOM_WORKERS: "1", BANDLOOM_MEMORY_BYTES: "1" };
  // Below a file there is no folder: a server without a cache.
  const plain = await startServer({ data, environment: { ...environment, BANDLOOM_CACHE: join(image.path, "none") } });
  const server = await startServer({
    data,
    environment: { ...environment, REDIS_URL: `redis://127.0.0.1:${proxy.port}` },
  });
  const faults: readonly Fault[] = [
    { name: "none", hangs: false, begin: () => {}, end: () => {} },
    {
      name: "killed",
      hangs: false,
      begin: () => redis.stop(),
      end: async () => {
        redis = await startRedis({ port: redis.port });
      },
    },
    { name: "stopped", hangs: true, begin: () => redis.freeze(), end: () => redis.thaw() },
    {
      name: "half a second away",
      hangs: true,
      begin: () => proxy.set({ kind: "slow", milliseconds: 500 }),
      end: () => proxy.set({ kind: "pass" }),
    },
    {
      name: "reset at each command",
      hangs: false,
      begin: () => proxy.set({ kind: "reset" }),
      end: () => proxy.set({ kind: "pass" }),
    },
    {
      name: "full",
      hangs: false,
      begin: async () => {
        await redis.admin.config("SET", "maxmemory-policy", "noeviction");
        await redis.admin.config("SET", "maxmemory", "1");
      },
      end: () => redis.admin.config("SET", "maxmemory", "0"),
    },
    {
      name: "read-only",
      hangs: false,
      begin: async () => redis.admin.replicaof("127.0.0.1", await freePort()),
      end: () => redis.admin.replicaof("NO", "ONE"),
    },
    { name: "flushed", hangs: false, begin: () => redis.admin.flushall(), end: () => {} },
  ];
  try {
    const compare = new Comparison(image, plain, server);
    await compare.added(200);
    const found: Row[] = [];
    for (const fault of faults) found.push(await rowOf(fault, compare, server));
    compare.close();
    return found;
  } finally {
    await Promise.all([plain, server].map((one) => one.stop()));
    await proxy.close();
    await redis.stop();
  }
};

async function rowOf({ name, hangs, begin, end }: Fault, compare: Comparison, server: RunningServer): Promise<Row> {
  const firsts: number[] = [];
  const onset: number[] = [];
  const later: number[] = [];
  for (let n = 0; n < ONSETS; n++) {
    await begin();
    const added = await compare.added(TILES);
    firsts.push(added[0] ?? Number.NaN);
    onset.push(...added.slice(0, UNTIL_KNOWN));
    later.push(...added.slice(UNTIL_KNOWN));
    await end();
    await healthy(server);
    // The pauses between probes begin anew, and nothing of this fault is left for the next.
    await sleep(500);
  }
  const limit = (hangs ? TIMEOUT : 0) + NOISE;
  return {
    name: `Redis ${name}: added to a tile, one after another`,
    unit: "tile",
    p50: quantile(later, 0.5),
    p99: quantile(later, 0.99),
    cpu: Number.NaN,
    targets: [
      atMost("first tile, median of the onsets", quantile(firsts, 0.5), limit, "ms"),
      note("slowest first tile", Math.max(...firsts), "ms"),
      note(`all of the first ${UNTIL_KNOWN} tiles together, median`, quantile(sums(onset, UNTIL_KNOWN), 0.5), "ms"),
      atMost("while it lasts, median", quantile(later, 0.5), NOISE, "ms"),
    ],
  };
}

function sums(values: readonly number[], length: number): readonly number[] {
  return Array.from({ length: values.length / length }, (_, n) =>
    values.slice(n * length, (n + 1) * length).reduce((sum, value) => sum + value, 0),
  );
}

async function healthy(server: RunningServer): Promise<void> {
  const deadline = performance.now() + HEALTHY_WITHIN_MS;
  while (performance.now() < deadline) {
    const state = (await (await fetch(`${server.url}/readyz`)).json()) as { degraded?: unknown };
    if (state.degraded === undefined) return;
    await sleep(50);
  }
  throw new Error(`Redis is not used again:\n${server.output()}`);
}

/** The same tile, that nobody has asked for yet, from both servers. */
class Comparison {
  readonly #image: BenchImage;
  readonly #clients: readonly [HttpClient, HttpClient];
  #next = 0;

  constructor(image: BenchImage, plain: RunningServer, server: RunningServer) {
    this.#image = image;
    this.#clients = [new HttpClient(plain.port, 1), new HttpClient(server.port, 1)];
  }

  /** Milliseconds that the second takes longer, for each of so many tiles. */
  async added(tiles: number): Promise<number[]> {
    const [plain, server] = this.#clients;
    const added: number[] = [];
    for (let n = 0; n < tiles; n++) {
      const path = tilePath(this.#image, this.#next++, benchFormula(this.#image));
      const without = await timed(() => plain.get(path));
      added.push((await timed(() => server.get(path))) - without);
    }
    return added;
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
