import { closeSync, openSync, rmSync, writeSync } from "node:fs";
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

const BLOCK = Buffer.alloc(4096);
const disk = mountSmallDisk(24);
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
