import { closeSync, mkdtempSync, openSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Reference, referenceOf, runLoad } from "../fixtures/load.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";

const SIDE = 6 * 256;
/** Ten times what repairs should take. */
const REPAIRED_WITHIN_MS = 50_000;

const data = mkdtempSync(join(tmpdir(), "bandloom-store-"));
const cache = join(data, ".bandloom");
let reference: Reference;
let running: RunningServer[] = [];

beforeAll(async () => {
  const value = (x: number, y: number) => (x * 3 + y * 7) % 251;
  writeFileSync(
    join(data, "plate.tif"),
    buildTiff({ directories: [{ width: SIDE, height: SIDE, tile: [256, 256], codec: "deflate", value }] }),
  );
  const paths = Array.from({ length: 36 }, (_, n) => `/tiles/plate/3/${n % 6}/${Math.floor(n / 6)}.png?f=b1`);
  // Below a file there is no folder: a server without a cache.
  const plain = await start({ BANDLOOM_CACHE: join(data, "plate.tif", "none") });
  reference = await referenceOf(plain.url, paths);
});
afterEach(async () => {
  for (const server of running) await server.stop();
  running = [];
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

async function start(environment: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
  const server = await startServer({
    data,
    environment: { BANDLOOM_MEMORY_BYTES: "1", BANDLOOM_WORKERS: "1", ...environment },
  });
  running.push(server);
  return server;
}

/** All tiles, right. Gives where they came from. */
async function goodRound(server: RunningServer, rounds = 1): Promise<ReadonlyMap<string, number>> {
  const { statuses, wrong, outcomes } = await runLoad(server.url, reference, { rounds });
  expect([[...statuses.keys()], wrong]).toEqual([[200], []]);
  return outcomes;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended with its supervisor.
  }
}

async function degraded(server: RunningServer): Promise<unknown> {
  const answer = await fetch(`${server.url}/readyz`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { degraded?: unknown }).degraded;
}

it("two servers on one cache folder find each other's tiles, and both write", async () => {
  const [one, two] = [await start(), await start()];
  await Promise.all([goodRound(one, 2), goodRound(two, 2)]);
  expect((await goodRound(one)).get("EMBEDDED")).toBe(36);
  expect((await goodRound(two)).get("EMBEDDED")).toBe(36);
  expect([await degraded(one), await degraded(two)]).toEqual([undefined, undefined]);
}, 60_000);

it("a cache folder that is taken away under load fails no tile, is named while it is missed, and made anew", async () => {
  const server = await start();
  await goodRound(server);
  const load = goodRound(server, 5);
  renameSync(cache, `${cache}-gone`);
  await load;
  // A tile that it does not have yet is what makes it write.
  await fetch(`${server.url}/tiles/plate/2/0/0.png?f=b1%2B1`);
  await expect.poll(() => degraded(server), { interval: 5 }).toEqual(["embedded"]);
  await expect.poll(() => degraded(server), { timeout: REPAIRED_WITHIN_MS }).toBeUndefined();
  await expect.poll(async () => (await goodRound(server)).get("EMBEDDED"), { timeout: REPAIRED_WITHIN_MS }).toBe(36);
  expect(server.output()).not.toMatch(/is started again|unhandled/);
}, 120_000);

it("a cache whose pages are spoiled under load makes no tile wrong, and is made anew at the next start", async () => {
  const server = await start();
  await goodRound(server);
  const file = join(cache, "tiles-1", "data.mdb");
  const load = runLoad(server.url, reference, { rounds: 10 });
  const descriptor = openSync(file, "r+");
  // Every page, the first two with the roots of all tables among them.
  for (let at = 24; at < statSync(file).size; at += 1024) writeSync(descriptor, Buffer.alloc(16, at), 0, 16, at);
  closeSync(descriptor);
  const { statuses, wrong } = await load;
  expect([...statuses.keys()].filter((status) => status !== 200 && status !== 0)).toEqual([]);
  expect(wrong).toEqual([]);
  // What LMDB itself makes of such pages while it has them open is not ours to say: it may die, or never end.
  const pid = server.pid();
  await server.stop("SIGKILL");
  if (pid > 0) killIfThere(pid);
  const again = await start();
  await expect
    .poll(
      async () => {
        const round = await runLoad(again.url, reference);
        expect(round.wrong).toEqual([]);
        return [round.statuses.get(200), round.outcomes.get("EMBEDDED")];
      },
      { timeout: REPAIRED_WITHIN_MS },
    )
    .toEqual([36, 36]);
}, 120_000);
