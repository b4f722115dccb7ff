import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { createTileCache, type TileCache } from "../../src/cache/index.ts";
import { mountSmallDisk, needsDisk } from "../fixtures/small-disk.ts";
import { ANYTHING, keyOf, logBook, PATIENCE_MS, tileOf, until } from "./support.ts";

const disk = mountSmallDisk(12);
const open: TileCache[] = [];
afterAll(async () => {
  for (const cache of open) await cache.close();
  disk?.unmount();
});

it(
  "a full disk stops writing with one line, reading goes on, and writing resumes within what fits",
  needsDisk(disk),
  async () => {
    if (!disk) return;
    const { lines, log } = logBook();
    const embeddedBytes = 1024 * 2 ** 20;
    const cache = await createTileCache({
      memoryBytes: 0,
      redisUrl: null,
      folder: disk.folder,
      embeddedBytes,
      openWaitMs: PATIENCE_MS,
      log,
    });
    open.push(cache);
    const embedded = () => cache.stats().find(({ name }) => name === "embedded");
    const store = (name: string | number) => cache.set(keyOf(name), tileOf(name, 20_000));

    for (let n = 0; n < 50; n++) store(n);
    await cache.flush();
    const ballast = join(disk.folder, "ballast");
    writeFileSync(ballast, Buffer.alloc(8 * 2 ** 20));
    for (let n = 50; n < 1_000 && embedded()?.healthy; n++) {
      store(n);
      await cache.flush();
    }
    expect(embedded()?.healthy).toBe(false);
    const [kept] = await cache.get([keyOf(3)], ANYTHING);
    expect(kept?.tier).toBe("embedded");
    expect(lines).toEqual([expect.stringMatching(/^Embedded cache, writing: off \(/)]);

    rmSync(ballast);
    await until(() => embedded()?.healthy === true, "writing resumes");
    expect(lines).toHaveLength(2);
    for (let n = 0; n < 500; n++) store(`later ${n}`);
    await cache.flush();
    const [last] = await cache.get([keyOf("later 499")], ANYTHING);
    expect(last?.tier).toBe("embedded");
    expect(embedded()?.healthy).toBe(true);
  },
);

it("a disk that becomes read-only costs the store, not a tile", needsDisk(disk), async () => {
  if (!disk) return;
  const { lines, log } = logBook();
  for (const cache of open.splice(0)) await cache.close();
  disk.remountReadOnly();
  const cache = await createTileCache({
    memoryBytes: 2 ** 20,
    redisUrl: null,
    folder: disk.folder,
    embeddedBytes: 2 ** 20,
    openWaitMs: PATIENCE_MS,
    log,
  });
  open.push(cache);
  cache.set(keyOf("a"), tileOf("a"));
  await cache.flush();
  const [hit] = await cache.get([keyOf("a")], ANYTHING);
  expect(hit?.tier).toBe("memory");
  expect(lines).toEqual([expect.stringMatching(/^Embedded cache: off \(the cache folder cannot be written/)]);
});
