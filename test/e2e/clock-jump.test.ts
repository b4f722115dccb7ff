import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { startHeldImage } from "../fixtures/held-image.ts";
import { type LoadResult, loadWhile, type Reference, referenceOf, runLoad } from "../fixtures/load.ts";
import { startRedis } from "../fixtures/redis.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";
import { movableClock, needsClock } from "../fixtures/wall-clock.ts";

const HOUR = 3600;
const SIDE = 6 * 256;
/** Ten times what the slowest of it takes: a hang. */
const WITHIN = { timeout: 120_000, interval: 50 };
/** Longer than any pause of a busy machine: what comes late there is no fault of the clock. */
const PATIENT = { BANDLOOM_REDIS_TIMEOUT_MS: "30000", BANDLOOM_FLIGHT_WAIT_MS: "30000" };
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
const NEW = Array.from({ length: 3 }, (_, n) => paths(`b1-${n + 1}`));

beforeAll(async () => {
  if (!clock) return;
  for (const name of ["plate", "replaced"]) writeFileSync(join(data, `${name}.tif`), plate(0));
  const plain = await startServer({ data, environment: { BANDLOOM_CACHE: join(data, "plate.tif", "none") } });
  reference = await referenceOf(plain.url, [...KEPT, ...NEW.flat()]);
  await plain.stop();
});
afterEach(async () => {
  await server?.kill();
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
      BANDLOOM_CACHE: mkdtempSync(join(data, "cache-")),
      ...clock?.environment,
      ...environment,
    },
  });
}

const secondsNow = (hours: number) => Date.now() / 1000 + TEN_PAST + hours * HOUR;
let isKnownToMove = false;

/** From when this resolves on. */
async function jump(hours: number): Promise<void> {
  clock?.set(TEN_PAST + hours * HOUR);
  if (isKnownToMove) return;
  // Its server says so itself, once: Node writes the time of a header once a second.
  const behind = async () => {
    const { headers } = await fetch(`${server.url}/healthz`);
    return Math.abs(Date.parse(headers.get("date") ?? "") / 1000 - secondsNow(hours));
  };
  await expect.poll(behind, WITHIN).toBeLessThan(TOLERANCE);
  isKnownToMove = true;
}

const partOf = (wanted: readonly string[]): Reference =>
  new Map([...reference].filter(([path]) => wanted.includes(path)));

/** All of them are right. Gives where they came from. */
function expectGood({ statuses, wrong, outcomes }: LoadResult): readonly string[] {
  expect([[...statuses.keys()], wrong]).toEqual([[200], []]);
  return [...outcomes.keys()];
}

async function goodRound(wanted: readonly string[]): Promise<readonly string[]> {
  return expectGood(await runLoad(server.url, partOf(wanted)));
}

async function inRedis(): Promise<Record<string, string>> {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  return { BANDLOOM_MEMORY_BYTES: "1", REDIS_URL: redis.url, ...PATIENT };
}

async function stateInRedis(): Promise<Record<string, string>> {
  const { REDIS_URL = "", ...others } = await inRedis();
  return { ...others, REDIS_URL, BANDLOOM_STATE_REDIS_URL: REDIS_URL };
}

async function expectSound(pid: number): Promise<void> {
  expect(await (await fetch(`${server.url}/readyz`)).json()).toEqual({ status: "ready" });
  expect(server.pid()).toBe(pid);
  expect(server.output()).not.toMatch(/unhandled|uncaught|A request failed|is started again|Cache.*off|: off/i);
  expect(await server.stop()).toBe(0);
}

/** What a tile's address with an end answers at that hour: status, and how long caches may keep it. */
async function answerTo(path: string, hours: number): Promise<readonly [number, number | null]> {
  const { status, headers } = await fetch(server.url + path);
  const end = headers.get("expires");
  return [status, end === null ? null : Date.parse(end) / 1000 - secondsNow(hours)];
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
      await vi.waitUntil(async () => isDeepStrictEqual(await goodRound(KEPT), [tier]), WITHIN);
      for (const [n, hours] of [1, -1, 0].entries()) {
        const kept = loadWhile(server.url, partOf(KEPT), async (more) => {
          const others = goodRound(NEW[n] ?? []);
          await more(KEPT.length);
          await jump(hours);
          await more(2 * KEPT.length);
          await others;
        });
        expect(expectGood(await kept)).toEqual([tier]);
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
      const [answered, age] = await answerTo(url, hours);
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
    const path = "/tiles/replaced/3/0/0.png?f=b1";
    for (const [n, hours] of [-1, 1, 0].entries()) {
      const before = await (await fetch(server.url + path)).text();
      await jump(hours);
      writeFileSync(join(data, "next"), plate(n + 1));
      renameSync(join(data, "next"), join(data, "replaced.tif"));
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
      const image = await startHeldImage(data);
      onTestFinished(() => image.close());
      await start({ ...(await settings()), ...image.environment });
      const pid = server.pid();
      const { prerender } = await server.query<{ prerender: { job: { id: string; total: number } } }>(
        `mutation { prerender(input: { imageKey: "held", formula: "window(b1, 0, 255)", levels: [0], tileSize: 64 }) { job { id total } userErrors { message } } }`,
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
      // It is in the middle of its work, which goes on only when it is let.
      await expect.poll(image.waiting, WITHIN).toBeGreaterThan(0);
      for (const hours of [1, -1, 0]) {
        await jump(hours);
        await expect.poll(stateOf, WITHIN).toMatchObject({ state: "RUNNING" });
      }
      image.release();
      await expect.poll(stateOf, WITHIN).toMatchObject({ state: "COMPLETED", completed: total, failed: 0 });
      const last = (await text).trim().split("\n\n").slice(-2).join();
      expect(last).toContain("COMPLETED");
      expect(last).toContain("event: complete");
      await expectSound(pid);
    },
    300_000,
  );
});
