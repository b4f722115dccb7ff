import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  DEGRADED,
  expectUnbroken,
  KeptTiles,
  presetsOf,
  REPAIRED,
  readiness,
  SOUND,
  savePreset,
  TILES,
} from "../fixtures/kept-tiles.ts";
import type { RunningServer } from "../fixtures/server.ts";
import { mountSmallDisk, needsDisk, type SmallDisk } from "../fixtures/small-disk.ts";
import { type Fault, type FaultOptions, injectFault, needsInjectedFaults } from "../fixtures/syscall-faults.ts";

const BLOCK = Buffer.alloc(4096);
const disk = mountSmallDisk(24);
const NEEDS_FAULTS = await needsInjectedFaults();
const tiles = new KeptTiles();
beforeAll(() => tiles.prepare());
afterEach(() => tiles.stop());
afterAll(() => {
  disk?.unmount();
  tiles.remove();
});

/** Takes all the room that there is, until the end of the test at most. */
function fillUp({ folder }: SmallDisk): { giveBack(): void } {
  const ballast = join(folder, "ballast");
  const file = openSync(ballast, "w");
  try {
    for (;;) writeSync(file, BLOCK);
  } catch {
    // There is none left.
  } finally {
    closeSync(file);
  }
  const giveBack = () => rmSync(ballast, { force: true });
  onTestFinished(giveBack);
  return { giveBack };
}

/** For stores of one test: others have the room again, when its servers have ended. */
function folderOn(disk: SmallDisk, name: string): string {
  const folder = join(disk.folder, name);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** How many tiles lie in its store. */
async function keptBy(server: RunningServer): Promise<number> {
  const { server: about } = await server.query<{ server: { cache: { name: string; entries: number }[] } }>(
    "{ server { cache { name entries } } }",
  );
  return about.cache.find(({ name }) => name === "embedded")?.entries ?? 0;
}

/** A server that begins where its store cannot be written serves without one, and has one once it can. */
async function expectUsedLater(folder: string, mend: () => void): Promise<void> {
  const server = await tiles.start(folder);
  const pid = server.pid();
  await tiles.goodRound(server, 0);
  expect(await readiness(server)).toEqual(DEGRADED);
  mend();
  await tiles.expectRepaired(server, 0);
  expectUnbroken(server, pid);
}

describe("a disk that is full", needsDisk(disk), () => {
  it("costs no tile, and all the room is used again when there is some", async () => {
    if (!disk) return;
    const server = await tiles.start(folderOn(disk, "full"));
    const pid = server.pid();
    await tiles.expectRepaired(server, 0);
    const ballast = fillUp(disk);
    await tiles.expectDegraded(server, 1);
    await tiles.goodRound(server, 0);
    ballast.giveBack();
    // More than lay in it when the disk was full.
    for (const formula of [1, 2]) await tiles.expectRepaired(server, formula);
    for (const formula of [1, 2]) expect(await tiles.goodRound(server, formula)).toBe(TILES);
    expectUnbroken(server, pid);
    expect(await server.stop()).toBe(0);
  }, 600_000);

  it("from the start costs no tile, and the store is made when there is room", async () => {
    if (!disk) return;
    const folder = folderOn(disk, "late");
    const ballast = fillUp(disk);
    await expectUsedLater(folder, () => ballast.giveBack());
  }, 600_000);

  it("when a killed server starts again costs nothing that was kept or saved", async () => {
    if (!disk) return;
    const folder = folderOn(disk, "killed");
    const first = await tiles.start(folder);
    await tiles.expectRepaired(first, 0);
    await savePreset(first, "kept");
    await first.kill();
    const ballast = fillUp(disk);
    const server = await tiles.start(folder);
    const pid = server.pid();
    await tiles.expectDegraded(server, 1);
    ballast.giveBack();
    await expect.poll(() => readiness(server), REPAIRED).toEqual(SOUND);
    expect(await keptBy(server)).toBeGreaterThanOrEqual(TILES);
    await expect.poll(() => presetsOf(server, "kept").catch(() => null), REPAIRED).toEqual(["kept"]);
    expectUnbroken(server, pid);
    expect(server.output()).not.toContain("moved aside");
  }, 600_000);

  it("saves no preset and says so, and saves them when there is room", async () => {
    if (!disk) return;
    const server = await tiles.start(folderOn(disk, "presets"));
    const pid = server.pid();
    await savePreset(server, "kept before");
    const ballast = fillUp(disk);
    for (let n = 0; n < 3; n++) {
      await expect(savePreset(server, `kept ${n}`)).rejects.toThrow(/is full.*SOURCE_FAILED|SOURCE_FAILED.*is full/s);
    }
    ballast.giveBack();
    await savePreset(server, "kept afterwards");
    expect(await presetsOf(server, "kept")).toEqual(["kept afterwards", "kept before"]);
    expectUnbroken(server, pid);
  }, 600_000);
});

describe("a disk that is read-only", needsDisk(disk), () => {
  it("from the start costs no tile, and is used when it can be written", async () => {
    if (!disk) return;
    const folder = folderOn(disk, "readonly");
    const first = await tiles.start(folder);
    await tiles.expectRepaired(first, 0);
    expect(await first.stop()).toBe(0);
    // It is refused while any process has a file there open for writing: one that has just been killed.
    await vi.waitFor(() => disk.remountReadOnly(), REPAIRED);
    onTestFinished(() => disk.remountWritable());
    await expectUsedLater(folder, () => disk.remountWritable());
  }, 600_000);
});

const WRITES = ["pwrite64", "pwritev", "writev", "fdatasync"];
const storeOf = (cache: string) => join(cache, "tiles-1", "data.mdb");

async function fail(server: RunningServer, options: FaultOptions): Promise<Fault> {
  const fault = await injectFault([server.pid(), server.supervisor], options);
  onTestFinished(() => fault.end());
  return fault;
}

describe("a store whose file", NEEDS_FAULTS, () => {
  it("cannot be brought to the disk (EIO) costs no tile, and is written again afterwards", async () => {
    const cache = tiles.cacheFolder();
    const server = await tiles.start(cache);
    const pid = server.pid();
    await tiles.expectRepaired(server, 0);
    const fault = await fail(server, { calls: ["fdatasync"], error: "EIO", path: storeOf(cache) });
    await tiles.expectDegraded(server, 1);
    await expect.poll(() => fault.calls().length, REPAIRED).toBeGreaterThan(0);
    // What lies there is read.
    expect(await tiles.goodRound(server, 0)).toBe(TILES);
    await fault.end();
    await tiles.expectRepaired(server, 1);
    expectUnbroken(server, pid);
  }, 600_000);

  it.each(["EIO", "EROFS"] as const)(
    "cannot be written (%s) makes no tile wrong, and is written again afterwards",
    async (error) => {
      const cache = tiles.cacheFolder();
      const server = await tiles.start(cache);
      await tiles.expectRepaired(server, 0);
      const fault = await fail(server, { calls: WRITES, error, path: storeOf(cache) });
      // LMDB (3.5.6) puts its message of a failed write into memory that is too short for it, which may end the process: it is started again.
      let answered = 0;
      const bad: unknown[] = [];
      const noticed = async () => {
        const { statuses, wrong } = await tiles.load(server, 1);
        bad.push(...[...statuses.keys()].filter((status) => status !== 200 && status !== 0), ...wrong);
        answered += statuses.get(200) ?? 0;
        return readiness(server).catch(() => null);
      };
      await expect.poll(noticed, REPAIRED).toEqual(DEGRADED);
      expect(bad).toEqual([]);
      expect(answered).toBeGreaterThan(0);
      await expect.poll(() => fault.calls().length, REPAIRED).toBeGreaterThan(0);
      await fault.end();
      await tiles.expectRepaired(server, 2);
    },
    600_000,
  );

  it("cannot be opened for want of files (EMFILE) costs no tile, and is opened afterwards", async () => {
    const cache = tiles.cacheFolder();
    const server = await tiles.start(cache);
    const pid = server.pid();
    await tiles.expectRepaired(server, 0);
    const fault = await fail(server, { calls: ["openat"], error: "EMFILE", path: storeOf(cache) });
    renameSync(cache, `${cache}-gone`);
    await tiles.expectDegraded(server, 1);
    await expect.poll(() => fault.calls().length, REPAIRED).toBeGreaterThan(1);
    expect(await tiles.goodRound(server, 1)).toBe(0);
    expect(await readiness(server)).toEqual(DEGRADED);
    await fault.end();
    await tiles.expectRepaired(server, 0);
    expectUnbroken(server, pid);
  }, 600_000);

  it("holds presets and cannot be brought to the disk (EIO) saves none and says so, and saves them afterwards", async () => {
    const cache = tiles.cacheFolder();
    const server = await tiles.start(cache);
    const pid = server.pid();
    await savePreset(server, "kept before");
    const path = join(cache, "state-1", "data.mdb");
    const fault = await fail(server, { calls: ["fdatasync"], error: "EIO", path });
    for (let n = 0; n < 3; n++) await expect(savePreset(server, `lost ${n}`)).rejects.toThrow("SOURCE_FAILED");
    await expect.poll(() => fault.calls().length, REPAIRED).toBeGreaterThan(0);
    await fault.end();
    await savePreset(server, "kept afterwards");
    expect(await presetsOf(server, "kept")).toEqual(["kept afterwards", "kept before"]);
    expectUnbroken(server, pid);
  }, 600_000);
});
