import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Nginx, startNginx } from "../../fixtures/nginx.ts";
import { type RedisServer, startRedis } from "../../fixtures/redis.ts";
import { type RunningServer, startServer } from "../../fixtures/server.ts";
import { cpuTime } from "../cpu.ts";
import type { Group } from "../group.ts";
import { HttpClient } from "../http-client.ts";
import { type BenchImage, benchFormula, benchImage, tilePath } from "../images.ts";
import { measure } from "../measure.ts";
import { atLeast, atMost, note, type Row } from "../row.ts";
import { startStaticNginx } from "../static-nginx.ts";
import { hasWrk, requestsPerSecond, SECONDS } from "../wrk.ts";

/** Of everything that is compared, in turn. */
const ROUNDS = 7;
/** Of nginx's cache against its files: both share their cores with the client that measures, so single rounds differ by a fifth. */
const HOT_ROUNDS = 15;
/** Tiles in nginx's cache. */
const HOT = 64;
/** Cold tiles of one round: more than a worker keeps decoded. */
const COLD = 400;
const WARMUP_ROUNDS = 8;
const CONNECTIONS = 8;
const NONE = { p50: Number.NaN, p99: Number.NaN, cpu: Number.NaN };
const MANY = { rate: 10_000_000, burst: 100_000, connections: 10_000 };

/** What many machines cost more, or less, than one: the front's cache, a second process, work ahead of use, memory of Redis. */
export const rows: Group = async ({ folder }) => {
  const image = await benchImage(folder, 8, 256, 16_384);
  const redis = await startRedis({ args: ["--maxmemory", "4gb", "--maxmemory-policy", "allkeys-lru"] });
  const environment = { REDIS_URL: redis.url, BANDLOOM_WORKERS: "1", BANDLOOM_ROLE: "render" };
  const data = join(image.path, "..");
  const servers = await Promise.all([1, 2, 3].map(() => startServer({ data, environment })));
  const all = servers.map(({ port }) => port);
  const nginx = await startNginx({ api: all, render: all, files: all }, { perClient: MANY });
  const [alone, ...pair] = servers as [RunningServer, ...RunningServer[]];
  const found: Row[] = [];
  try {
    found.push(await hotRow(nginx, image), ...(await scalingRows(alone, pair, image)));
    found.push(await memoryRow(redis, alone, image), ...(await aheadRows(image)));
    return found;
  } finally {
    await nginx.stop();
    await Promise.all(servers.map((server) => server.stop()));
    await redis.stop();
  }
};

/** Everything in nginx's cache, against files that nginx sends. */
async function hotRow(nginx: Nginx, image: BenchImage): Promise<Row> {
  const [tile] = await versioned(nginx.url, image);
  const paths = Array.from({ length: HOT }, (_, n) => tile(n, 2));
  const bodies: Uint8Array[] = [];
  for (const path of paths) {
    for (let twice = 0; twice < 2; twice++) {
      const answer = await fetch(nginx.url + path);
      if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
      const body = new Uint8Array(await answer.arrayBuffer());
      if (twice === 1) bodies.push(body);
      if (twice === 1 && answer.headers.get("x-bandloom-front") !== "HIT")
        throw new Error(`nginx does not keep ${path}: ${JSON.stringify(Object.fromEntries(answer.headers))}`);
    }
  }
  const row = { ...NONE, name: "everything in nginx's cache", unit: "tile" };
  if (!hasWrk()) return { ...row, targets: [note("not measured: there is no wrk here", 0, "")] };
  const files = await startStaticNginx(bodies);
  const plain = paths.map((_, n) => files.path(n));
  const rates: number[] = [];
  const ratios: number[] = [];
  const costs: number[] = [];
  const children = readFileSync(`/proc/${nginx.pid}/task/${nginx.pid}/children`, "utf8").trim().split(" ");
  // Not those that look after the cache, of which one ends after a minute.
  const workers = children.filter((pid) => /worker/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"))).map(Number);
  const cpu = () => workers.reduce((sum, pid) => sum + cpuTime(pid), 0);
  const hits = async () => {
    const before = cpu();
    const rate = await requestsPerSecond(nginx.url, paths);
    return { rate, cost: (cpu() - before) / (rate * SECONDS) };
  };
  for (let round = 0; round <= HOT_ROUNDS; round++) {
    // In turn, and each of them first as often: a machine that becomes slower meanwhile favours neither.
    const early = round % 2 === 0 ? await hits() : null;
    const sent = await requestsPerSecond(files.url, plain);
    const { rate, cost } = early ?? (await hits());
    // The first warms up.
    if (round === 0) continue;
    rates.push(rate);
    costs.push(cost);
    ratios.push(rate / sent);
  }
  await files.stop();
  return {
    ...row,
    cpu: median(costs),
    targets: [
      note("tiles a second", median(rates), ""),
      note("mean tile", bodies.reduce((sum, { length }) => sum + length, 0) / bodies.length / 1000, "kB"),
      atLeast("of nginx's rate with files of the same bytes", median(ratios), 0.8, "times"),
    ],
  };
}

/** Cold tiles of one process, and of two that share them by neighbourhood, one worker each. */
async function scalingRows(alone: RunningServer, pair: readonly RunningServer[], image: BenchImage): Promise<Row[]> {
  const [tile] = await versioned(alone.url, image);
  const clients = new Map([alone, ...pair].map((server) => [server, new HttpClient(server.port, CONNECTIONS)]));
  const perSide = image.side / image.tileSize;
  // As the front shares them: blocks of ten by ten tiles.
  const ofPair = (n: number) =>
    pair[(Math.floor((n % perSide) / 10) + Math.floor(n / perSide / 10)) % pair.length] ?? alone;
  const round = async (serverOf: (n: number) => RunningServer, servers: readonly RunningServer[], number: number) => {
    const cpu = () => servers.reduce((sum, server) => sum + cpuTime(server.pid()), 0);
    const [before, begin] = [cpu(), performance.now()];
    let next = number * COLD;
    const end = next + COLD;
    const lane = async () => {
      while (next < end) {
        const n = next++;
        await clients.get(serverOf(n))?.get(tile(n, 3 + number / 100));
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, lane));
    return { cpu: (cpu() - before) / COLD, wall: (performance.now() - begin) / COLD };
  };
  let number = 0;
  // Each as many: V8 takes some thousand tiles until it has compiled the way of one for good.
  for (const server of [alone, ...pair])
    for (let turn = 0; turn < WARMUP_ROUNDS; turn++) await round(() => server, [server], number++);
  const [one, two]: { cpu: number; wall: number }[][] = [[], []];
  for (let turn = 0; turn < ROUNDS; turn++) {
    one?.push(await round(() => alone, [alone], number++));
    two?.push(await round(ofPair, pair, number++));
  }
  for (const client of clients.values()) client.close();
  const cpu = (rounds: typeof one) => median((rounds ?? []).map((each) => each.cpu));
  const wall = (rounds: typeof one) => median((rounds ?? []).map((each) => each.wall));
  const ratios = (one ?? []).map((each, index) => ((two ?? [])[index]?.cpu ?? Number.NaN) / each.cpu);
  const row = (name: string, rounds: typeof one, targets: Row["targets"]): Row => ({
    ...{ name, unit: "tile", p50: wall(rounds), p99: Number.NaN, cpu: cpu(rounds), targets },
  });
  return [
    row("cold tile with Redis, one process (p50: wall clock)", one, []),
    row("cold tile with Redis, two processes", two, [
      atMost("CPU of one", median(ratios), 1.1, "times"),
      note("wall clock of one (needs four free cores to mean something)", wall(two) / wall(one), "times"),
    ]),
  ];
}

/** What a million tiles take in Redis. */
async function memoryRow(redis: RedisServer, server: RunningServer, image: BenchImage): Promise<Row> {
  const used = async () => Number(/^used_memory:(\d+)/m.exec(await redis.admin.info("memory"))?.[1]);
  const [tile] = await versioned(server.url, image);
  const [before, entries] = [await used(), await redis.admin.dbsize()];
  const client = new HttpClient(server.port, CONNECTIONS);
  let bytes = 0;
  const count = 1_000;
  for (let n = 0; n < count; n++) bytes += await client.get(tile(n, 9));
  client.close();
  const made = (await redis.admin.dbsize()) - entries;
  return {
    ...{ ...NONE, name: "a tile in Redis", unit: "tile" },
    targets: [
      note("bytes of the tile", bytes / count, ""),
      note("bytes of Redis", ((await used()) - before) / made, ""),
    ],
  };
}

/** Cold tiles for one client and for several that never pause, without and with a job beside them, of the finest level: the image has no others. */
async function aheadRows(image: BenchImage): Promise<Row[]> {
  const data = join(image.path, "..");
  const server = await startServer({ data, environment: { BANDLOOM_CACHE_BYTES: "1073741824" } });
  const client = new HttpClient(server.port, CONNECTIONS);
  const [tile] = await versioned(server.url, image);
  const found: Row[] = [];
  let factor = 5;
  for (const parallel of [1, CONNECTIONS]) {
    const live = () => {
      const formula = factor++;
      const cold = (n: number) => client.get(tile(n * 37, formula));
      return measure(cold, { calls: 200, rounds: 3, warmup: 600, parallel });
    };
    const calm = await live();
    const { prerender } = await server.query<{ prerender: { job: { id: string } | null } }>(
      `mutation { prerender(input: { imageKey: "${image.key}", formula: "${benchFormula(image, factor++)}", levels: [0] }) { job { id } userErrors { message } } }`,
    );
    const busy = await live();
    const { cancelJob } = await server.query<{ cancelJob: { job: { state: string; completed: number } } }>(
      `mutation { cancelJob(input: { id: "${prerender.job?.id}" }) { job { state completed } } }`,
    );
    const { state, completed } = cancelJob.job;
    found.push({
      ...busy,
      name: `cold tile beside a job, ${parallel} at a time`,
      unit: "tile",
      targets: [
        note("p50 of it without the job", busy.p50 / calm.p50, "times"),
        note("tiles ahead meanwhile", state === "CANCELLED" ? completed : Number.NaN, ""),
      ],
    });
  }
  client.close();
  await server.stop();
  return found;
}

/** Paths of tiles by number and factor of the formula, with the version that makes them immutable. */
async function versioned(url: string, image: BenchImage): Promise<[(n: number, factor: number) => string]> {
  const answer = await fetch(`${url}/probe/${image.key}.json?f=red%2B0&points=1,1`);
  const { version } = (await answer.json()) as { version: string };
  return [(n, factor) => `${tilePath(image, n, benchFormula(image, factor))}&v=${version}`];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
