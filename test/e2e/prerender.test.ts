import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { JobRecords } from "../../src/service/jobs/records.ts";
import { createState } from "../../src/state/index.ts";
import { bandloom, cleanEnvironment, PROGRAM } from "../cli/program.ts";
import { type HeldImage, startHeldImage } from "../fixtures/held-image.ts";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";

/** 32 × 32 tiles of 64 pixels at full resolution. */
const SIDE = 2048;
const TOTAL = 1024 + 256 + 64 + 16;
const FORMULA = "window(b1, 0, 255)";
const INPUT = `{ imageKey: "plate", formula: "${FORMULA}", tileSize: 64 }`;
const HELD_INPUT = `{ imageKey: "held", formula: "${FORMULA}", levels: [0], tileSize: 64 }`;
/** Longer than any pause of a busy machine: what comes late there is there all the same. */
const PATIENT = { BANDLOOM_REDIS_TIMEOUT_MS: "30000" };
/** Ten times what it takes on a slow machine: a hang. */
const WITHIN = { timeout: 120_000, interval: 50 };

const pictures = mkdtempSync(join(tmpdir(), "bandloom-prerender-"));
beforeAll(() => {
  const plate = { width: SIDE, height: SIDE, tile: [256, 256] as const, codec: "deflate" as const, seed: 6 };
  writeFileSync(join(pictures, "plate.tif"), buildTiff({ directories: [plate] }));
});
afterAll(() => rmSync(pictures, { recursive: true, force: true }));

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

function dataFolder(): string {
  const data = mkdtempSync(join(tmpdir(), "bandloom-prerender-"));
  clean.push(() => rmSync(data, { recursive: true, force: true }));
  copyFileSync(join(pictures, "plate.tif"), join(data, "plate.tif"));
  return data;
}

/** In place of the plate where a job is to last as long as the test wants. */
async function heldImage(data: string): Promise<HeldImage> {
  const image = await startHeldImage(data);
  clean.push(() => image.close());
  return image;
}

async function serve(data: string, environment: Record<string, string> = {}): Promise<RunningServer> {
  const server = await startServer({ data, environment });
  clean.push(() => server.stop());
  return server;
}

interface State {
  readonly state: string;
  readonly completed: number;
  readonly failed: number;
  readonly total: number;
}

async function begin(server: RunningServer, input = INPUT): Promise<string> {
  const { prerender } = await server.query<{ prerender: { job: { id: string } } }>(
    `mutation { prerender(input: ${input}) { job { id } } }`,
  );
  return prerender.job.id;
}

/** Null while the server does not answer. */
async function stateOf(server: RunningServer, id: string): Promise<State | null> {
  const query = `{ node(id: "${id}") { ... on Job { state completed failed total } } }`;
  const answer = await server.query<{ node: State }>(query).catch(() => null);
  return answer?.node ?? null;
}

async function outcomes(server: RunningServer, key = "plate", level = 1): Promise<ReadonlySet<string>> {
  const tiles = `tiles(level: ${level}, x: { from: 0, to: 15 }, y: { from: 0, to: 11 }, tileSize: 64) { nodes { cache byteLength } }`;
  const { image } = await server.query<{ image: { render: { tiles: { nodes: { cache: string }[] } } } }>(
    `{ image(key: "${key}") { render(formula: "${FORMULA}") { ${tiles} } } }`,
  );
  return new Set(image.render.tiles.nodes.map(({ cache }) => cache));
}

async function redisMisses(server: RunningServer): Promise<number> {
  const { server: about } = await server.query<{ server: { cache: { name: string; misses: number }[] } }>(
    "{ server { cache { name misses } } }",
  );
  return about.cache.find(({ name }) => name === "redis")?.misses ?? 0;
}

/** Before the other tests: a quarter of a minute passes until it is known that a server is gone. */
let left: {
  readonly id: string;
  readonly redis: RedisServer;
  readonly data: string;
  readonly image: HeldImage;
  readonly server: RunningServer;
};
beforeAll(async () => {
  const redis = await startRedis();
  const data = mkdtempSync(join(tmpdir(), "bandloom-prerender-"));
  const image = await startHeldImage(data);
  copyFileSync(join(pictures, "plate.tif"), join(data, "plate.tif"));
  const environment = {
    ...{ REDIS_URL: redis.url, BANDLOOM_STATE_REDIS_URL: redis.url, BANDLOOM_MEMORY_BYTES: "1" },
    ...{ ...PATIENT, ...image.environment },
  };
  const first = await startServer({ data, environment });
  const server = await startServer({ data, environment });
  left = { id: await begin(first, HELD_INPUT), redis, data, image, server };
  // Of the four parts that are held one server takes two at most: so both have some.
  for (const one of [first, server]) await vi.waitUntil(async () => (await redisMisses(one)) > 0, WITHIN);
  await first.kill();
  image.release();
}, 300_000);
afterAll(async () => {
  await left?.server.stop();
  await left?.redis.stop();
  await left?.image.close();
  if (left) rmSync(left.data, { recursive: true, force: true });
});

const done = { state: "COMPLETED", completed: TOTAL, failed: 0, total: TOTAL };

it("a job goes on by itself when its server was killed, and renders no finished tile again", async () => {
  const server = await serve(dataFolder());
  const id = await begin(server);
  await expect.poll(async () => (await stateOf(server, id))?.completed ?? 0, WITHIN).toBeGreaterThan(64);
  const before = server.pid();
  process.kill(before, "SIGKILL");
  await expect.poll(() => stateOf(server, id), WITHIN).toMatchObject(done);
  expect(server.pid()).not.toBe(before);
  const { server: about } = await server.query<{ server: { cache: { name: string; hits: number; misses: number }[] } }>(
    "{ server { cache { name hits misses } } }",
  );
  const embedded = about.cache.find(({ name }) => name === "embedded");
  // Of the steps that were under way some tiles may be there; of those that were finished none is asked for.
  expect(embedded?.hits).toBeLessThanOrEqual(2 * 64);
  expect(embedded?.misses).toBeLessThan(TOTAL);
  expect(await outcomes(server)).toEqual(new Set(["EMBEDDED"]));
}, 300_000);

it("an api refuses a job that nobody would work on, and takes it when it shares a state Redis with one that renders", async () => {
  const data = dataFolder();
  const alone = await serve(data, { BANDLOOM_ROLE: "api" });
  const answer = await fetch(`${alone.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: `mutation { prerender(input: ${INPUT}) { job { id } } }` }),
  });
  const advice = expect.stringMatching(/BANDLOOM_STATE_REDIS_URL.*--role all/);
  expect(await answer.json()).toEqual({
    data: null,
    errors: [expect.objectContaining({ message: advice, extensions: { code: "FORBIDDEN" } })],
  });
  expect(await alone.query("{ jobs { nodes { id } } }")).toEqual({ jobs: { nodes: [] } });
  const refused = await bandloom(["prerender", "plate", "--formula", FORMULA, "--server", alone.url]);
  expect([refused.code, refused.stdout, refused.stderr]).toEqual([1, "", advice]);
  const redis = await startRedis();
  clean.push(() => redis.stop());
  const shared = { REDIS_URL: redis.url, BANDLOOM_STATE_REDIS_URL: redis.url };
  const api = await serve(data, { ...shared, BANDLOOM_ROLE: "api" });
  const id = await begin(api);
  expect(await stateOf(api, id)).toMatchObject({ state: "QUEUED", total: TOTAL });
  await serve(data, { ...shared, BANDLOOM_ROLE: "render" });
  await expect.poll(() => stateOf(api, id), WITHIN).toMatchObject(done);
}, 300_000);

it("the command renders into the cache of a data folder, and of a server that runs", async () => {
  const data = dataFolder();
  const args = ["prerender", "plate", "--formula", FORMULA, "--tile-size", "64", "--json"];
  const here = await bandloom([...args, "--data", data, "--workers", "1"]);
  expect([here.code, here.stderr]).toEqual([0, ""]);
  expect(JSON.parse(here.stdout)).toMatchObject(done);
  const server = await serve(data);
  expect(await outcomes(server)).toEqual(new Set(["EMBEDDED"]));
  const there = await bandloom([...args, "--server", server.url, "--levels", "1,2"]);
  expect([there.code, there.stderr]).toEqual([0, ""]);
  expect(JSON.parse(there.stdout)).toMatchObject({ state: "COMPLETED", total: 256 + 64 });
  const wrong = await bandloom(["prerender", "plate", "--formula", "redd", "--server", server.url]);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("redd")]);
  const nobody = await bandloom(["prerender", "plate", "--server", "http://127.0.0.1:9"]);
  expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining("No Bandloom answers")]);
}, 300_000);

it("the command finds the tiles' place in a Redis by all settings that a server has", async () => {
  const data = dataFolder();
  const redis = await startRedis();
  clean.push(() => redis.stop());
  const environment = {
    ...{ REDIS_URL: redis.url, BANDLOOM_REDIS_PREFIX: "ours:", BANDLOOM_STATE_REDIS_URL: redis.url },
    ...{ BANDLOOM_WORKERS: "1", ...PATIENT },
  };
  // Another generation, which only the Redis of what is saved knows.
  expect((await bandloom(["cache", "purge", "--image", "plate"], { environment })).code).toBe(0);
  const args = ["prerender", "plate", "--formula", FORMULA, "--tile-size", "64", "--data", data];
  expect((await bandloom(args, { environment })).code).toBe(0);
  expect(await redis.admin.keys("bandloom:*")).toEqual([]);
  const server = await serve(data, { ...environment, BANDLOOM_MEMORY_BYTES: "1" });
  await expect.poll(() => outcomes(server), WITHIN).toEqual(new Set(["REDIS"]));
}, 300_000);

it("streams complete when the server is stopped, and do not hold it up", async () => {
  const data = dataFolder();
  const image = await heldImage(data);
  const server = await serve(data, image.environment);
  const id = await begin(server, HELD_INPUT);
  await expect.poll(image.waiting, WITHIN).toBeGreaterThan(0);
  const answer = await fetch(`${server.url}/graphql/stream`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ query: `subscription { jobUpdated(id: "${id}") { state } }` }),
  });
  const stopped = server.stop();
  expect(await answer.text()).toContain("event: complete");
  expect(await stopped).toBe(0);
}, 300_000);

interface Command {
  readonly child: ChildProcess;
  /** Code and signal. */
  readonly ended: Promise<readonly unknown[]>;
}

/** The command, in our hands: it renders the held image. */
function command(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Command {
  const all = [PROGRAM, "prerender", "held", "--formula", FORMULA, "--levels", "0", "--tile-size", "64", ...args];
  const child = spawn(process.execPath, all, { env: cleanEnvironment(environment), stdio: "ignore" });
  clean.push(() => child.kill("SIGKILL"));
  return { child, ended: once(child, "exit") };
}

it("Ctrl-C ends the command in order with 130, and started again it goes on where it was", async () => {
  const data = dataFolder();
  const image = await heldImage(data);
  const args = ["--data", data, "--workers", "1"];
  const { child, ended } = command(args, image.environment);
  const state = createState({ redisUrl: null, folder: join(data, ".bandloom"), log: () => {} });
  clean.push(() => state.close());
  const records = new JobRecords(state);
  const parts = async () => {
    const [record] = await records.all();
    return record ? records.parts(record) : [];
  };
  const completed = async () => (await parts()).reduce((sum, part) => sum + part.completed, 0);
  // The rest is held.
  await expect.poll(completed, WITHIN).toBe(image.tiles.early);
  child.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
  const [record] = await records.all();
  expect(record?.ended).toMatchObject({ state: "cancelled" });
  // What was under way was put down, not dropped.
  expect((await parts()).every(({ worker }) => worker === null)).toBe(true);
  expect(await completed()).toBe(image.tiles.early);
  image.release();
  const again = command(args, image.environment);
  expect(await again.ended).toEqual([0, null]);
  // Begun anew it would be another run.
  const [last] = await records.all();
  expect([last?.run, last?.ended?.state]).toEqual([record?.run, "completed"]);
  expect(await completed()).toBe(image.tiles.all);
}, 300_000);

it("Ctrl-C of the command cancels the job on its server, and ends with 130", async () => {
  const data = dataFolder();
  const image = await heldImage(data);
  const server = await serve(data, image.environment);
  const { child, ended } = command(["--server", server.url]);
  const running = async () => {
    const { jobs } = await server.query<{ jobs: { nodes: { id: string; completed: number }[] } }>(
      "{ jobs { nodes { id completed } } }",
    );
    return jobs.nodes[0] ?? { id: "", completed: 0 };
  };
  await expect.poll(async () => (await running()).completed, WITHIN).toBe(image.tiles.early);
  child.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
  expect(await stateOf(server, (await running()).id)).toMatchObject({ state: "CANCELLED" });
}, 300_000);

it("the command knows presets and purges of the state Redis, and takes part in its queue", async () => {
  const redis = await startRedis();
  clean.push(() => redis.stop());
  const data = dataFolder();
  const server = await serve(data, { REDIS_URL: redis.url, BANDLOOM_STATE_REDIS_URL: redis.url, ...PATIENT });
  const save = `mutation { savePreset(input: { name: "Mine", formula: "${FORMULA}" }) { userErrors { message } } purge(input: { imageKey: "plate" }) { userErrors { message } } }`;
  expect(await server.query(save)).toEqual({ savePreset: { userErrors: [] }, purge: { userErrors: [] } });
  const args = ["prerender", "plate", "--preset", "Mine", "--tile-size", "64", "--levels", "1", "--json"];
  const shared = ["--redis-url", redis.url, "--state-redis-url", redis.url];
  const ended = await bandloom([...args, "--data", data, "--workers", "1", ...shared], { environment: PATIENT });
  // On stderr it may say that this Redis forgets nothing.
  expect(ended.code).toBe(0);
  const { jobs } = await server.query<{ jobs: { nodes: object[] } }>("{ jobs { nodes { state completed } } }");
  expect(jobs.nodes).toEqual([{ state: "COMPLETED", completed: 256 }]);
  expect(await outcomes(server)).not.toContain("RENDERED");
}, 300_000);

/** Another address of a server, where what it answers is heard. */
async function overheard(port: number) {
  let answers = "";
  const door = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    server.on("data", (chunk) => {
      answers += chunk.toString("latin1");
    });
    // However one of them ends, so does the other.
    pipeline(client, server, client, () => {});
  }).listen(0, "127.0.0.1");
  await once(door, "listening");
  clean.push(() => door.close());
  return { url: `http://127.0.0.1:${(door.address() as AddressInfo).port}`, answers: () => answers };
}

it("the command says that its job goes on when the server is stopped in order", async () => {
  const data = dataFolder();
  const image = await heldImage(data);
  const server = await serve(data, image.environment);
  const between = await overheard(server.port);
  const args = ["prerender", "held", "--formula", FORMULA, "--levels", "0", "--tile-size", "64"];
  const told = bandloom([...args, "--server", between.url]);
  // It has been told of its job.
  await expect.poll(between.answers, WITHIN).toContain("event: next");
  expect(await server.stop()).toBe(0);
  const { code, stderr } = await told;
  expect([code, stderr]).toEqual([1, expect.stringContaining("The job goes on when it is back.")]);
}, 300_000);

it("two servers of one state Redis share a job, and one of them finishes it when the other is killed", async () => {
  const { all } = left.image.tiles;
  const ended = { state: "COMPLETED", completed: all, failed: 0, total: all };
  await expect.poll(() => stateOf(left.server, left.id), WITHIN).toMatchObject(ended);
  await expect.poll(() => outcomes(left.server, "held", 0), WITHIN).toEqual(new Set(["REDIS"]));
}, 300_000);
