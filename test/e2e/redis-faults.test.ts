import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LoadResult, latency, loadWhile, type Reference, referenceOf, runLoad } from "../fixtures/load.ts";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { type RedisProxy, startRedisProxy } from "../fixtures/redis-proxy.ts";
import { freePort, type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";

/** 6 × 6 tiles, each asked for several times in a round. */
const SIDE = 6 * 256;
const PASSWORD = "hunter2";
/** A repair is noticed within half a minute, after many faults in a row: ten times that is a hang. */
const HANG_MS = 300_000;
/** Of tests that wait for a repair twice. */
const TIMEOUT = { timeout: 3 * HANG_MS };
/** Nothing is kept in memory: Redis is asked for every tile. */
const NO_MEMORY = { BANDLOOM_MEMORY_BYTES: "1", BANDLOOM_LOG_LEVEL: "info" };
/** Where Redis answers, though not as it should, an answer is waited for also on a machine that is busy. */
const PATIENT = { BANDLOOM_REDIS_TIMEOUT_MS: "1000" };
/** Where it hangs: longer than an answer takes on such a machine, and less than the half of a second by which one is late here. */
const HASTY = { BANDLOOM_REDIS_TIMEOUT_MS: "200" };

const data = mkdtempSync(join(tmpdir(), "bandloom-faults-"));
const running: RunningServer[] = [];
let reference: Reference;

beforeAll(async () => {
  const value = (x: number, y: number, sample: number) => (x * 3 + y * 7 + sample * 50) % 251;
  const layout = { width: SIDE, height: SIDE, samples: 2, planar: true, tile: [256, 256], codec: "deflate" } as const;
  writeFileSync(join(data, "plate.tif"), buildTiff({ directories: [{ ...layout, value }] }));
  const paths = Array.from(
    { length: 36 },
    (_, n) => `/tiles/plate/3/${n % 6}/${Math.floor(n / 6)}.jpg?f=${formula(0)}`,
  );
  // Below a file there is no folder: a server without a cache.
  const plain = await start({ BANDLOOM_CACHE: join(data, "plate.tif", "none") });
  reference = await referenceOf(plain.url, paths);
  await plain.stop();
});
afterAll(async () => {
  for (const server of running) await server.stop();
  rmSync(data, { recursive: true, force: true });
});

/** One picture under any number of names: no sum is below 0. */
function formula(floor: number): string {
  return encodeURIComponent(`window(max(b1 + 2*b2, ${floor}), 0, 765)`);
}

let floor = 0;
/** The same pictures at addresses that nobody has asked for: whatever Redis holds, they are rendered, and given to it. */
function neverAsked(): Reference {
  floor--;
  return new Map([...reference].map(([path, bytes]) => [path.replace(formula(0), formula(floor)), bytes]));
}

async function start(environment: Readonly<Record<string, string>>): Promise<RunningServer> {
  const server = await startServer({ data, environment: { ...NO_MEMORY, ...environment } });
  running.push(server);
  return server;
}

/** Every tile came, and came right. */
function expectGood({ statuses, wrong }: LoadResult): void {
  expect([...statuses.keys()]).toEqual([200]);
  expect(wrong).toEqual([]);
}

async function isHealthy(server: RunningServer): Promise<boolean> {
  const answer = await server.query<{ server: { cache: readonly { name: string; healthy: boolean }[] } }>(
    "{ server { cache { name healthy } } }",
  );
  return answer.server.cache.find(({ name }) => name === "redis")?.healthy === true;
}

/** What `/readyz` says: the server is ready whatever its caches do. */
async function degraded(server: RunningServer): Promise<readonly string[]> {
  const answer = await fetch(`${server.url}/readyz`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { degraded?: readonly string[] }).degraded ?? [];
}

/** Until every tile of a round comes from Redis. Gives the milliseconds that it took. */
async function filledAgain(server: RunningServer): Promise<number> {
  const begin = performance.now();
  for (;;) {
    const result = await runLoad(server.url, reference);
    expectGood(result);
    if (result.outcomes.get("REDIS") === reference.size && (await isHealthy(server))) return performance.now() - begin;
    if (performance.now() - begin > HANG_MS) throw new Error(`never filled again:\n${server.output()}`);
    await sleep(50);
  }
}

/** Until the server knows that Redis fails, under load that wants to read from it and to write to it. Gives the last round. */
async function noticed(server: RunningServer): Promise<LoadResult> {
  const begin = performance.now();
  for (;;) {
    const result = await runLoad(server.url, neverAsked());
    expectGood(result);
    if (!(await isHealthy(server))) return result;
    if (performance.now() - begin > HANG_MS) throw new Error(`never noticed:\n${server.output()}`);
  }
}

interface Fault {
  readonly name: string;
  /** Resolves when Redis is in that state. */
  readonly begin: () => unknown;
  readonly end: () => unknown;
}

type Annotate = (message: string) => Promise<unknown>;

/** Load before, in, and after the fault: never a failed or wrong tile, and Redis is used again when it is over. */
async function endure(server: RunningServer, fault: Fault, annotate: Annotate): Promise<void> {
  await filledAgain(server);
  const healthy = await runLoad(server.url, reference, { rounds: 2 });
  expectGood(healthy);
  const lines = logOf(server).length;
  // It begins in the middle of a round.
  const first = await loadWhile(server.url, reference, async (more) => {
    await more(reference.size / 2);
    await fault.begin();
    await more(reference.size);
  });
  expectGood(first);
  const later = await noticed(server);
  expect(await degraded(server)).toEqual(["redis"]);
  await fault.end();
  const took = await filledAgain(server);
  await expect.poll(() => degraded(server), { timeout: HANG_MS }).toEqual([]);
  const [before, during, after] = [healthy, first, later].map(latency);
  await annotate(
    `${fault.name}: median ms a tile ${before?.median.toFixed(1)} before, ${during?.median.toFixed(1)} when it begins, ${after?.median.toFixed(1)} while it lasts; ` +
      `slowest ${before?.slowest.toFixed(0)}, ${during?.slowest.toFixed(0)}, ${after?.slowest.toFixed(0)}; filled again after ${took.toFixed(0)} ms`,
  );
  await expectTold(server, lines);
}

/** What was told of Redis. */
function logOf(server: RunningServer): readonly string[] {
  return (
    server
      .output()
      .split("\n")
      // What is said of its memory's policy is said of a Redis that is well.
      .filter((line) => line.includes("Redis") && !/has no maxmemory|its maxmemory-policy/.test(line))
  );
}

/** More than so many lines, and of each part of the tier: off and working again by turns, the last word being that it works. */
async function expectTold(server: RunningServer, lines: number): Promise<void> {
  const open = () => {
    const parts = new Map<string, string>();
    for (const line of logOf(server)) {
      const [, part = line, state = "?"] = /(Redis[^:]*): (off|working again)/.exec(line) ?? [];
      parts.set(part, `${parts.get(part) ?? ""}${state}; `);
    }
    return [...parts].filter(([, states]) => !/^(off; working again; )+$/.test(states));
  };
  await expect.poll(open, { timeout: HANG_MS }).toEqual([]);
  expect(logOf(server).length).toBeGreaterThan(lines);
}

function expectNoSecret(server: RunningServer): void {
  expect(server.output()).not.toMatch(new RegExp(`${PASSWORD}|redis://|someone`));
  expect(server.output()).not.toMatch(/A request failed|unhandled|is started again/i);
}

/** Each fault in turn, and in the end what the server told of them. */
function testEach(faults: readonly Fault[], server: () => RunningServer): void {
  it.for(faults)("because it is $name fails no tile", TIMEOUT, async (fault, { annotate }) => {
    await endure(server(), fault, annotate);
  });

  it("is told of without its address or a password", () => expectNoSecret(server()));
}

/** For a group of tests: a Redis of its own, and a server that keeps its tiles there. */
function redisAndServer(): { readonly redis: RedisServer; readonly server: RunningServer } {
  let redis: RedisServer;
  let server: RunningServer;
  beforeAll(async () => {
    redis = await startRedis();
    server = await start({ REDIS_URL: redis.url, ...PATIENT });
  });
  afterAll(() => redis.stop());
  return {
    get redis() {
      return redis;
    },
    get server() {
      return server;
    },
  };
}

describe("Redis that cannot be reached", () => {
  let redis: RedisServer;
  let proxy: RedisProxy;
  let server: RunningServer;
  /** For a moment in which the other connection waits for its answer. */
  let watcher: RedisServer["admin"] | undefined;
  const url = () => `redis://:${PASSWORD}@127.0.0.1:${proxy.port}`;
  beforeAll(async () => {
    redis = await startRedis({ port: await freePort(), password: PASSWORD, args: ["--enable-debug-command", "yes"] });
    proxy = await startRedisProxy(redis.port);
  });
  afterAll(async () => {
    await proxy.close();
    await redis.stop();
  });

  it("at the start is done without, and used when it comes", TIMEOUT, async ({ annotate }) => {
    const { port } = redis;
    await redis.stop();
    server = await start({ REDIS_URL: url(), ...HASTY });
    expect(await degraded(server)).toEqual(["redis"]);
    expectGood(await runLoad(server.url, reference));
    redis = await startRedis({ port, password: PASSWORD, args: ["--enable-debug-command", "yes"] });
    await annotate(`filled ${(await filledAgain(server)).toFixed(0)} ms after it came`);
    await expectTold(server, 0);
  });

  const faults: readonly Fault[] = [
    {
      name: "killed",
      begin: () => redis.stop(),
      end: async () => {
        redis = await startRedis({ port: redis.port, password: PASSWORD, args: ["--enable-debug-command", "yes"] });
      },
    },
    { name: "stopped", begin: () => redis.freeze(), end: () => redis.thaw() },
    {
      name: "half a second away",
      begin: () => proxy.set({ kind: "slow", milliseconds: 500 }),
      end: () => proxy.set({ kind: "pass" }),
    },
    {
      name: "reset at each command",
      begin: () => proxy.set({ kind: "reset" }),
      end: () => proxy.set({ kind: "pass" }),
    },
    {
      name: "one that has another password now",
      begin: async () => {
        await redis.admin.config("SET", "requirepass", "other");
        await redis.admin.call("CLIENT", "KILL", "TYPE", "normal");
      },
      end: () => redis.admin.config("SET", "requirepass", PASSWORD),
    },
    {
      name: "loading its data",
      begin: async () => {
        for (const [name, value] of [
          // Slow enough to be met, and answering meanwhile.
          ["key-load-delay", "100000"],
          ["loading-process-events-interval-bytes", "1024"],
        ] as const)
          await redis.admin.config("SET", name, value);
        // For longer than the load on a slow machine.
        for (let n = 0; n < 300; n++) await redis.admin.set(`filler:${n}`, Buffer.alloc(1_000, n));
        void redis.admin.call("DEBUG", "RELOAD").catch(() => {});
        watcher = redis.admin.duplicate({ enableReadyCheck: false });
        const answer = () => watcher?.get("x").catch(({ message }: Error) => message);
        await expect.poll(answer, { interval: 10 }).toMatch(/LOADING/);
      },
      end: async () => {
        await watcher?.config("SET", "key-load-delay", "0");
        watcher?.disconnect();
      },
    },
  ];
  testEach(faults, () => server);
});

describe("Redis that takes no more", () => {
  const own = redisAndServer();

  const faults: readonly Fault[] = [
    {
      name: "full, and evicts nothing",
      begin: async () => {
        await own.redis.admin.config("SET", "maxmemory-policy", "noeviction");
        await own.redis.admin.config("SET", "maxmemory", "1mb");
        await own.redis.admin.flushall();
      },
      end: () => own.redis.admin.config("SET", "maxmemory", "0"),
    },
    {
      name: "a replica that may not be written to",
      begin: async () => {
        await own.redis.admin.flushall();
        await own.redis.admin.replicaof("127.0.0.1", await freePort());
      },
      end: () => own.redis.admin.replicaof("NO", "ONE"),
    },
    {
      name: "one that cannot save, and refuses writes for that",
      begin: async () => {
        const [, folder = ""] = (await own.redis.admin.config("GET", "dir")) as [string, string];
        rmSync(folder, { recursive: true });
        await own.redis.admin.config("SET", "save", "3600 1");
        await own.redis.admin.flushall().catch(() => {});
        await own.redis.admin.set("x", "1");
        await own.redis.admin.bgsave().catch(() => {});
        const saving = () => own.redis.admin.info("persistence");
        await expect.poll(saving, { interval: 10 }).toContain("rdb_last_bgsave_status:err");
      },
      end: () => own.redis.admin.config("SET", "stop-writes-on-bgsave-error", "no"),
    },
  ];
  testEach(faults, () => own.server);
});

/** Makes another value of one. */
type Damage = (key: string, value: Buffer, at: number) => unknown;

describe("Redis that loses or spoils values", () => {
  const own = redisAndServer();

  /** Every tile's value, made another one. */
  async function spoil(change: Damage): Promise<void> {
    for (const [at, key] of (await own.redis.admin.keys("*")).entries()) {
      if ((await own.redis.admin.type(key)) !== "string") continue;
      const value = await own.redis.admin.getBuffer(key);
      if (value && value.length > 500) await change(key, value, at);
    }
  }

  const set = (key: string, value: Buffer) => own.redis.admin.set(key, value);
  const damages: readonly (readonly [string, Damage])[] = [
    ["cut short", (key, value) => set(key, value.subarray(0, value.length >> 1))],
    [
      "changed by one bit",
      (key, value) => set(key, Buffer.from(value.map((byte, at) => (at === 400 ? byte ^ 8 : byte)))),
    ],
    [
      "of another version",
      (key, value) => set(key, Buffer.from(value.map((byte, at) => (at === 2 ? byte + 1 : byte)))),
    ],
    [
      "longer than any tile",
      // Some of them: each is five megabytes to move.
      (key, value, at) => at % 6 === 0 && set(key, Buffer.concat([value, Buffer.alloc(5 * 2 ** 20)])),
    ],
    ["lists", (key) => own.redis.admin.multi().del(key).lpush(key, "a", "b").exec()],
  ];
  it.each(damages)("that are %s gets them replaced, and no tile is wrong", TIMEOUT, async (_, change) => {
    await filledAgain(own.server);
    expectGood(await loadWhile(own.server.url, reference, () => spoil(change)));
    expectGood(await runLoad(own.server.url, reference, { rounds: 2 }));
    await filledAgain(own.server);
  });

  it("that are each another tile's is not believed", TIMEOUT, async () => {
    await filledAgain(own.server);
    const keys = (await own.redis.admin.keys("*")).filter((key) => /:tile:.*[0-9a-f]{48}$/.test(key));
    expect(keys).toHaveLength(reference.size);
    const values = await own.redis.admin.mgetBuffer(keys);
    for (const [at, key] of keys.entries()) await set(key, values[(at + 1) % keys.length] ?? Buffer.alloc(0));
    expectGood(await runLoad(own.server.url, reference, { rounds: 2 }));
    await filledAgain(own.server);
  });

  it("with everything flushed again and again under load, fails no tile", TIMEOUT, async () => {
    const load = loadWhile(own.server.url, reference, async (more) => {
      for (let n = 0; n < 20; n++) {
        await own.redis.admin.flushall();
        await more(10);
      }
    });
    expectGood(await load);
    await filledAgain(own.server);
    expect(await isHealthy(own.server)).toBe(true);
  });

  it("for want of memory, one for the other, fails no tile", TIMEOUT, async () => {
    const { admin } = own.redis;
    const used = Number(/used_memory:(\d+)/.exec(await admin.info("memory"))?.[1]);
    await admin.config("SET", "maxmemory-policy", "allkeys-lru");
    await admin.config("SET", "maxmemory", String(used));
    const isEvicting = async () => !(await admin.info("stats")).includes("evicted_keys:0\r\n");
    // Tiles that are not there yet need room, until one drives out another.
    for (let rounds = 0; !(await isEvicting()); rounds++) {
      expect(rounds).toBeLessThan(100);
      expectGood(await runLoad(own.server.url, neverAsked()));
    }
    expectGood(await runLoad(own.server.url, reference, { rounds: 4 }));
    await admin.config("SET", "maxmemory", "0");
    await filledAgain(own.server);
  });

  it("is told of without its address", () => expectNoSecret(own.server));
});
