import { renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  DEGRADED,
  expectUnbroken,
  KeptTiles,
  presetsOf,
  REPAIRED,
  readiness,
  savePreset,
  TILES,
} from "../fixtures/kept-tiles.ts";
import type { RunningServer } from "../fixtures/server.ts";
import { type Fault, type FaultOptions, injectFault, needsInjectedFaults } from "../fixtures/syscall-faults.ts";

const NEEDS_FAULTS = await needsInjectedFaults();
const tiles = new KeptTiles();
beforeAll(() => tiles.prepare());
afterEach(() => tiles.stop());
afterAll(() => tiles.remove());

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
