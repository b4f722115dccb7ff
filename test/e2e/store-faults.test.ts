import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { type Reference, referenceOf, runLoad } from "../fixtures/load.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";

const SIDE = 6 * 256;
/** Ten times and more what repairs should take, each of which pauses for half a minute at most. */
const REPAIRED = { timeout: 120_000, interval: 50 };
const TIMEOUT_MS = 300_000;

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
    environment: { BANDLOOM_MEMORY_BYTES: "1", ...environment },
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

/** What is written in the background is there before it is counted on. Unlike with expect.poll, a tile that is wrong once fails the test. */
async function allKept(server: RunningServer): Promise<void> {
  await vi.waitUntil(async () => (await goodRound(server)).get("EMBEDDED") === 36, REPAIRED);
}

async function degraded(server: RunningServer): Promise<unknown> {
  const answer = await fetch(`${server.url}/readyz`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { degraded?: unknown }).degraded;
}

it(
  "two servers on one cache folder find each other's tiles, and both write",
  async () => {
    const [one, two] = [await start(), await start()];
    await Promise.all([goodRound(one, 2), goodRound(two, 2)]);
    for (const server of [one, two]) await allKept(server);
    expect([await degraded(one), await degraded(two)]).toEqual([undefined, undefined]);
  },
  TIMEOUT_MS,
);

/** Puts a file in its place, so that it is missed until that is gone. */
function takeAway(): void {
  for (let tries = 1; ; tries++) {
    renameSync(cache, `${cache}-gone-${tries}`);
    try {
      writeFileSync(cache, "", { flag: "wx" });
      return;
    } catch {
      // The server was faster, and has made a new one.
    }
  }
}

it(
  "a cache folder that is taken away under load fails no tile, is named while it is missed, and made anew",
  async () => {
    const server = await start();
    await goodRound(server);
    // All is written: nothing but what is asked for below makes it write again.
    await allKept(server);
    const load = goodRound(server, 5);
    takeAway();
    await load;
    // A tile that it does not have yet is what makes it write.
    await fetch(`${server.url}/tiles/plate/2/0/0.png?f=b1%2B1`);
    await expect.poll(() => degraded(server), { interval: 5 }).toEqual(["embedded"]);
    rmSync(cache);
    await expect.poll(() => degraded(server), REPAIRED).toBeUndefined();
    await allKept(server);
    expect(server.output()).not.toMatch(/is started again|unhandled/);
  },
  TIMEOUT_MS,
);

/** Writes over a store's file, the server may have it open. */
function spoil(store: "tiles-1" | "state-1", write: (descriptor: number, size: number) => void): void {
  const file = join(cache, store, "data.mdb");
  const descriptor = openSync(file, "r+");
  write(descriptor, statSync(file).size);
  closeSync(descriptor);
}

/** Behind the two pages that every transaction begins with. */
const FIRST_PAGE = 8192;

function empty(store: "tiles-1" | "state-1"): void {
  spoil(store, (descriptor, size) =>
    writeSync(descriptor, Buffer.alloc(size - FIRST_PAGE), 0, size - FIRST_PAGE, FIRST_PAGE),
  );
}

it(
  "a store whose pages are emptied under load is made anew by the running server, which fails no tile",
  async () => {
    const server = await start();
    await goodRound(server);
    const load = goodRound(server, 10);
    empty("tiles-1");
    const pid = server.pid();
    await load;
    await allKept(server);
    expect(await degraded(server)).toBeUndefined();
    expect(server.pid()).toBe(pid);
    expect(server.output()).toMatch(
      /Embedded cache: off \(MDB_.*\n(.*\n)*.*moved aside and begins anew\n.*working again/,
    );
    // With the spoiled store still in its memory.
    expect(await server.stop()).toBe(0);
  },
  TIMEOUT_MS,
);

it.each<[string, (descriptor: number, size: number) => void]>([
  [
    "are overwritten, each in four places,",
    (descriptor, size) => {
      for (let at = 24; at < size; at += 1024) writeSync(descriptor, Buffer.alloc(16, at), 0, 16, at);
    },
  ],
  ["are cut off", (descriptor) => ftruncateSync(descriptor, FIRST_PAGE)],
])(
  "a store whose pages %s under load makes no tile wrong, and is made anew without help",
  async (_, write) => {
    const server = await start();
    await goodRound(server);
    const load = runLoad(server.url, reference, { rounds: 10 });
    spoil("tiles-1", write);
    const { statuses, wrong } = await load;
    // LMDB may end the process where it meets such a page: connections are cut then, but no answer is an error.
    expect([...statuses.keys()].filter((status) => status !== 200 && status !== 0)).toEqual([]);
    expect(wrong).toEqual([]);
    const spoiled: string[] = [];
    await expect
      .poll(async () => {
        const round = await runLoad(server.url, reference);
        spoiled.push(...round.wrong);
        return [round.statuses.get(200), round.outcomes.get("EMBEDDED")];
      }, REPAIRED)
      .toEqual([36, 36]);
    expect(spoiled).toEqual([]);
    expect(await degraded(server)).toBeUndefined();
    expect(await server.stop()).toBe(0);
  },
  TIMEOUT_MS,
);

it(
  "the store of presets, jobs and purges begins anew while the server runs when its pages are spoiled, and brings back nothing that was purged",
  async () => {
    const server = await start();
    const version = async (from = server) => {
      const { image } = await from.query<{ image: { render: { urlTemplate: string } } }>(
        `{ image(key: "plate") { render(formula: "b1") { urlTemplate } } }`,
      );
      return image.render.urlTemplate;
    };
    const save = (name: string) =>
      server
        .query(`mutation { savePreset(input: { name: "${name}", formula: "b1" }) { preset { name } } }`)
        .then(() => "saved", String);
    const names = async (from = server) => {
      const { presets } = await from.query<{ presets: { nodes: { name: string }[] } }>(
        `{ presets(search: "-mark-") { nodes { name } } }`,
      );
      return presets.nodes.map(({ name }) => name);
    };
    const fresh = await version();
    await server.query(`mutation { purge(input: { imageKey: "plate" }) { purged } }`);
    const purged = await version();
    for (let n = 0; n < 9; n++) expect(await save(`before-mark-${n}`)).toBe("saved");
    await goodRound(server);
    const pid = server.pid();
    empty("state-1");
    // Refused, or saved in the new store if the server itself has met the damage by now: it looks twice a second.
    expect(await save("meanwhile")).toMatch(/SOURCE_FAILED|cannot be reached|saved/);
    await expect.poll(() => server.output(), REPAIRED).toMatch(/Saved presets: off \(/);
    await goodRound(server);
    await expect.poll(() => save("after-mark-"), REPAIRED).toBe("saved");
    expect(await names()).toEqual(["after-mark-"]);
    await expect.poll(async () => [fresh, purged].includes(await version())).toBe(false);
    const second = await version();
    expect([server.pid(), await server.stop()]).toEqual([pid, 0]);
    expect(server.output()).toMatch(
      /Saved presets: off \(.*\); what is saved cannot be reached\n(.*\n)*.*moved aside and begins anew\n.*working again/,
    );
    // Spoiled between two starts.
    empty("state-1");
    const again = await start();
    expect(await names(again)).toEqual([]);
    expect([fresh, purged, second]).not.toContain(await version(again));
    await goodRound(again);
  },
  TIMEOUT_MS,
);

it(
  "a server that a fault ends keeps its store; when it ends twice in a row, the store may be the reason and is made anew",
  async () => {
    const server = await start();
    await goodRound(server);
    await allKept(server);
    const fault = async () => {
      const pid = server.pid();
      process.kill(pid, "SIGSEGV");
      const again = async () => server.pid() !== pid && (await fetch(`${server.url}/readyz`)).ok;
      // Without a server there is no pid.
      await expect.poll(() => again().catch(() => false), REPAIRED).toBe(true);
    };
    await fault();
    // Once it has been checked: nothing was lost.
    await allKept(server);
    expect(server.output()).not.toContain("moved aside");
    await fault();
    expect((await goodRound(server)).get("RENDERED")).toBe(36);
    expect(server.output()).toContain("moved aside and begins anew");
    await allKept(server);
  },
  TIMEOUT_MS,
);
