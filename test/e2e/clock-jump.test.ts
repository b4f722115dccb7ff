import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Reference, referenceOf, runLoad } from "../fixtures/load.ts";
import { startRedis } from "../fixtures/redis.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";
import { movableClock, needsClock } from "../fixtures/wall-clock.ts";

const HOUR = 3600;
const SIDE = 6 * 256;
/** Ten times what the slowest of it takes: a hang. */
const WITHIN = { timeout: 120_000, interval: 50 };
/** Half of an hour away from all jumps of an hour, seconds. */
const TOLERANCE = HOUR / 2;

const clock = movableClock();
/** Links end on the hour: a day on which it is ten past one, for the server, when the tests begin. */
const TEN_PAST = 600 - (Math.floor(Date.now() / 1000) % HOUR);
const data = mkdtempSync(join(tmpdir(), "bandloom-clocks-"));
let reference: Reference;
let server: RunningServer;

const plate = (shift: number) => {
  const value = (x: number, y: number) => (x * 3 + y * 7 + shift) % 251;
  return buildTiff({ directories: [{ width: SIDE, height: SIDE, tile: [256, 256], codec: "deflate", value }] });
};
const paths = (formula: string) =>
  Array.from({ length: 36 }, (_, n) => `/tiles/plate/3/${n % 6}/${Math.floor(n / 6)}.png?f=${formula}`);
const KEPT = paths("b1");
/** Long enough that a job of it lives through some jumps. */
const SLOW = "window(median(median(b1, 4), 4), 0, 255)";
const NEW = Array.from({ length: 3 }, (_, n) => paths(`b1-${n + 1}`));

beforeAll(async () => {
  if (!clock) return;
  writeFileSync(join(data, "plate.tif"), plate(0));
  const plain = await startServer({ data, environment: { BANDLOOM_CACHE: join(data, "plate.tif", "none") } });
  reference = await referenceOf(plain.url, [...KEPT, ...NEW.flat()]);
  await plain.stop();
});
afterEach(async () => {
  await server?.stop("SIGKILL");
});
afterAll(() => {
  rmSync(data, { recursive: true, force: true });
  clock?.remove();
});

async function start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
  clock?.set(TEN_PAST);
  server = await startServer({
    data,
    environment: {
      ...{ BANDLOOM_WORKERS: "1", BANDLOOM_CACHE: mkdtempSync(join(data, "cache-")) },
      ...clock?.environment,
      ...environment,
    },
  });
}

/** The server says itself that its clock has jumped. */
async function jump(hours: number): Promise<void> {
  const offset = TEN_PAST + hours * HOUR;
  clock?.set(offset);
  const behind = async () => {
    const { headers } = await fetch(`${server.url}/healthz`);
    return Math.abs(Date.parse(headers.get("date") ?? "") / 1000 - Date.now() / 1000 - offset);
  };
  await expect.poll(behind, WITHIN).toBeLessThan(TOLERANCE);
}

const partOf = (wanted: readonly string[]): Reference =>
  new Map([...reference].filter(([path]) => wanted.includes(path)));

/** All of them, right. Gives where they came from. */
async function goodRound(wanted: readonly string[], rounds = 1): Promise<ReadonlyMap<string, number>> {
  const { statuses, wrong, outcomes } = await runLoad(server.url, partOf(wanted), { rounds });
  expect([[...statuses.keys()], wrong]).toEqual([[200], []]);
  return outcomes;
}

/** All came from there; from Redis nearly all: what takes it 50 ms is rendered, on a machine that is busy. */
function expectKeptIn(tier: string, outcomes: ReadonlyMap<string, number>): void {
  const others = [...outcomes].filter(([outcome]) => outcome !== tier).reduce((sum, [, count]) => sum + count, 0);
  expect(others).toBeLessThanOrEqual(tier === "REDIS" ? KEPT.length / 2 : 0);
  expect(outcomes.get(tier)).toBeGreaterThan(0);
}

async function inRedis(): Promise<Record<string, string>> {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  return { BANDLOOM_MEMORY_BYTES: "1", REDIS_URL: redis.url };
}

async function stateInRedis(): Promise<Record<string, string>> {
  const { REDIS_URL = "", ...others } = await inRedis();
  return { ...others, REDIS_URL, BANDLOOM_STATE_REDIS_URL: REDIS_URL };
}

async function expectSound(pid: number): Promise<void> {
  expect(await (await fetch(`${server.url}/readyz`)).json()).toEqual({ status: "ready" });
  expect(server.pid()).toBe(pid);
  // One answer of Redis that comes late, on a machine that is busy, is no fault of the clock.
  const output = server.output().replaceAll(/^.*sharing of renders: off.*$/gm, "");
  expect(output).not.toMatch(/unhandled|uncaught|A request failed|is started again|Cache.*off|: off/i);
  expect(await server.stop()).toBe(0);
}

/** What a tile's address with an end answers now: status, and how long caches may keep it. */
async function answerTo(path: string): Promise<readonly [number, number | null]> {
  const { status, headers } = await fetch(server.url + path);
  const [end, now] = [headers.get("expires"), headers.get("date")];
  return [status, end === null || now === null ? null : (Date.parse(end) - Date.parse(now)) / 1000];
}

describe("a clock that jumps by an hour, ahead and back", needsClock(clock), () => {
  it.each([
    ["memory", "MEMORY", async () => ({})],
    ["the embedded store", "EMBEDDED", async () => ({ BANDLOOM_MEMORY_BYTES: "1" })],
    ["Redis", "REDIS", inRedis],
  ])(
    "under load fails no tile and makes none wrong, and what is kept in %s is not rendered again",
    async (_, tier, settings) => {
      await start(await settings());
      const pid = server.pid();
      await goodRound(KEPT);
      // What is written in the background is there before it is counted on.
      await expect.poll(async () => [...(await goodRound(KEPT)).keys()], WITHIN).toEqual([tier]);
      for (const [n, hours] of [1, -1, 0].entries()) {
        const load = Promise.all([goodRound(KEPT, 10), goodRound(NEW[n] ?? [])]);
        await sleep(50);
        await jump(hours);
        const [kept] = await load;
        for (const outcomes of [kept, await goodRound(KEPT)]) expectKeptIn(tier, outcomes);
      }
      await expectSound(pid);
    },
    300_000,
  );

  it("lets a signed link end when its time has come by that clock, and says no caches of a time beyond it", async () => {
    await start({ BANDLOOM_SIGNING_KEYS: `one:${"ab".repeat(32)}`, BANDLOOM_LINK_HOURS: "1" });
    const pid = server.pid();
    const { image } = await server.query<{ image: { render: { tile: { url: string } } } }>(
      '{ image(key: "plate") { render(formula: "b1") { tile(level: 0, x: 1, y: 1) { url } } } }',
    );
    const { url } = image.render.tile;
    // Given at ten past: it ends at the second full hour from then, in an hour and fifty minutes.
    const left = 110 * 60;
    for (const [hours, status] of [
      [0, 200],
      [-1, 200],
      [1, 200],
      [2, 410],
      [-1, 200],
      [0, 200],
    ] as const) {
      await jump(hours);
      const [answered, age] = await answerTo(url);
      expect([hours, answered]).toEqual([hours, status]);
      if (status !== 200) continue;
      expect(age).toBeLessThanOrEqual(left - hours * HOUR);
      expect(age).toBeGreaterThan(left - hours * HOUR - TOLERANCE);
    }
    await expectSound(pid);
  }, 300_000);

  it("hides no file that was replaced", async () => {
    await start();
    const pid = server.pid();
    const [path = ""] = KEPT;
    for (const [n, hours] of [-1, 1, 0].entries()) {
      const before = await (await fetch(server.url + path)).text();
      await jump(hours);
      writeFileSync(join(data, "next"), plate(n + 1));
      renameSync(join(data, "next"), join(data, "plate.tif"));
      await expect.poll(async () => (await fetch(server.url + path)).text(), WITHIN).not.toBe(before);
    }
    await expectSound(pid);
  }, 300_000);

  it.each([
    ["", async () => ({})],
    [" of several servers", stateInRedis],
  ])(
    "lets a job%s go on, and its events",
    async (_, settings) => {
      await start(await settings());
      const pid = server.pid();
      const { prerender } = await server.query<{ prerender: { job: { id: string; total: number } } }>(
        `mutation { prerender(input: { imageKey: "plate", formula: "${SLOW}", tileSize: 64 }) { job { id total } userErrors { message } } }`,
      );
      const { id, total } = prerender.job;
      const events = await fetch(`${server.url}/graphql/stream`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify({ query: `subscription { jobUpdated(id: "${id}") { state completed secondsLeft } }` }),
      });
      const text = events.text();
      const stateOf = async () => {
        const { node } = await server.query<{ node: Record<string, unknown> }>(
          `{ node(id: "${id}") { ... on Job { state completed failed createdAt finishedAt secondsLeft } } }`,
        );
        return node;
      };
      await expect.poll(stateOf, WITHIN).toMatchObject({ state: "RUNNING" });
      await jump(1);
      // It is in the middle of its work.
      expect(await stateOf()).toMatchObject({ state: "RUNNING" });
      await jump(-1);
      await jump(0);
      await expect.poll(stateOf, WITHIN).toMatchObject({ state: "COMPLETED", completed: total, failed: 0 });
      const last = (await text).trim().split("\n\n").slice(-2).join();
      expect(last).toContain("COMPLETED");
      expect(last).toContain("event: complete");
      await expectSound(pid);
    },
    300_000,
  );
});
