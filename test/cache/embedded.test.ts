import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Tables } from "../../src/cache/embedded/tables.ts";
import { createTileCache, type TileCache } from "../../src/cache/index.ts";
import { THREADS } from "../setup/bundle-threads.ts";
import { ANYTHING, keyOf, logBook, PATIENCE_MS, temporaryFolder, tileOf, until } from "./support.ts";

const MB = 2 ** 20;
/** A bundle of writer.ts. */
const WRITER = fileURLToPath(new URL("writer.js", THREADS));
const open = new Set<TileCache>();
let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(async () => {
  for (const cache of open) await cache.close();
  open.clear();
  vi.useRealTimers();
});

interface Settings {
  readonly bytes?: number;
  readonly ttlSeconds?: number;
  readonly log?: (line: string) => void;
  readonly folder?: string;
}

/** A cache with the embedded store only, so that every answer comes from it. */
async function openCache(settings: Settings = {}): Promise<TileCache> {
  const cache = await createTileCache({
    memoryBytes: 0,
    redisUrl: null,
    folder: settings.folder ?? folder,
    embeddedBytes: settings.bytes ?? 64 * MB,
    // A store that is checked first may take its time.
    openWaitMs: PATIENCE_MS,
    log: settings.log ?? (() => {}),
    ...(settings.ttlSeconds === undefined ? {} : { ttlSeconds: settings.ttlSeconds }),
  });
  open.add(cache);
  return cache;
}

async function closeCache(cache: TileCache): Promise<void> {
  open.delete(cache);
  await cache.close();
}

async function fill(cache: TileCache, names: Iterable<string | number>, length = 20_000): Promise<void> {
  for (const name of names) cache.set(keyOf(name), tileOf(name, length));
  await cache.flush();
}

/** For each name: found and right, or not found. Anything else is an error. */
async function found(cache: TileCache, names: readonly (string | number)[], length = 20_000): Promise<boolean[]> {
  const hits = await cache.get(names.map(keyOf), ANYTHING);
  return hits.map((hit, index) => {
    if (!hit) return false;
    expect(Buffer.compare(hit.tile.bytes, tileOf(names[index] ?? "", length).bytes)).toBe(0);
    expect(hit.tier).toBe("embedded");
    return true;
  });
}

function statsOf(cache: TileCache) {
  const stats = cache.stats().find(({ name }) => name === "embedded");
  if (!stats) throw new Error("no embedded tier");
  return stats;
}

const range = (length: number) => Array.from({ length }, (_, n) => n);
const storeFolder = () => join(folder, "tiles-1");
const dataFile = () => join(storeFolder(), "data.mdb");

/** When a tile was used last, as it stands in the store. */
async function ageOf(name: string | number): Promise<string | null> {
  const tables = new Tables(storeFolder());
  const entry = tables.entry(Buffer.from(keyOf(name), "hex"));
  await tables.close();
  return entry && new Date(entry.touchedAt * 1000).toISOString();
}

/** Ages are whole seconds: what is filled after this is younger than what was before, however fast the machine. */
function passSecond(): void {
  vi.setSystemTime(Date.now() + 1_000);
}

describe("the embedded tier", () => {
  it("gives tiles back after a restart", async () => {
    const first = await openCache();
    await fill(first, range(300));
    await closeCache(first);
    const second = await openCache();
    expect(await found(second, [...range(300), "other"])).toEqual([...range(300).map(() => true), false]);
    expect(statsOf(second)).toMatchObject({ hits: 300, misses: 1, entries: 300, healthy: true, detail: null });
  });

  it("gathers tiles no longer once somebody waits until they are written", async () => {
    const cache = await openCache();
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    await fill(cache, range(3));
    expect(statsOf(cache).entries).toBe(3);
    cache.set(keyOf(3), tileOf(3, 20_000));
    await closeCache(cache);
    vi.useRealTimers();
    expect(await found(await openCache(), range(4))).toEqual([true, true, true, true]);
  });

  it("gives out bytes that later reads and writes leave alone", async () => {
    const cache = await openCache();
    await fill(cache, range(50));
    const [hit] = await cache.get([keyOf(7)], ANYTHING);
    await found(cache, range(50));
    await fill(cache, range(100));
    expect(Buffer.compare(hit?.tile.bytes ?? Buffer.of(), tileOf(7, 20_000).bytes)).toBe(0);
  });

  it("misses on what is not accepted, and drops it", async () => {
    const cache = await openCache();
    await fill(cache, range(3));
    const seen: string[] = [];
    const isOther = (key: string, bytes: Uint8Array) => {
      seen.push(`${key} ${Buffer.from(bytes).toString("latin1", 0, 2)}`);
      return key !== keyOf(1);
    };
    const hits = await cache.get(range(3).map(keyOf), isOther);
    expect(hits.map((hit) => hit !== null)).toEqual([true, false, true]);
    expect(seen).toEqual(range(3).map((n) => `${keyOf(n)} ${n};`));
    await cache.flush();
    expect(statsOf(cache)).toMatchObject({ hits: 2, misses: 1, entries: 2, healthy: true });
  });

  it("stays below its size by dropping what was used least recently", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const cache = await openCache({ bytes: 8 * MB });
    for (let round = 0; round < 20; round++) {
      await fill(
        cache,
        range(100).map((n) => `${round}/${n}`),
      );
      expect(statsOf(cache).bytes).toBeLessThanOrEqual(8 * MB);
      passSecond();
    }
    const last = await found(
      cache,
      range(100).map((n) => `19/${n}`),
    );
    const first = await found(
      cache,
      range(100).map((n) => `0/${n}`),
    );
    expect(last.filter(Boolean).length).toBe(100);
    expect(first.filter(Boolean).length).toBe(0);
    // Freed pages are used again; a value needs pages in a row, so some stay free for a while.
    expect(statSync(dataFile()).size).toBeLessThan(16 * MB);
    expect(statsOf(cache).entries).toBeGreaterThan(250);
  });

  it("stays below its size with tiny values too, whose keys take more room than they", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const cache = await openCache({ bytes: 1 * MB });
    for (let round = 0; round < 20; round++) {
      await fill(
        cache,
        range(1_000).map((n) => `${round}/${n}`),
        10,
      );
      expect(statsOf(cache).bytes).toBeLessThanOrEqual(1.1 * MB);
      passSecond();
    }
    expect(await found(cache, ["19/999", "0/0"], 10)).toEqual([true, false]);
  });

  it("does not let one huge picture drive out the others", async () => {
    const cache = await openCache({ bytes: 8 * MB });
    await fill(cache, ["small"]);
    await fill(cache, ["huge"], 2 * MB);
    expect(await found(cache, ["small"])).toEqual([true]);
    expect(await found(cache, ["huge"], 2 * MB)).toEqual([false]);
  });

  it("keeps what was read in the last hours before what was only written then", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-01-01T00:00:00Z") });
    const cache = await openCache({ bytes: 8 * MB });
    await fill(cache, range(200));
    vi.setSystemTime(new Date("2026-01-01T02:00:00Z"));
    expect(await found(cache, [0, 1])).toEqual([true, true]);
    await cache.flush();
    await fill(
      cache,
      range(395).map((n) => `new ${n}`),
    );
    const kept = await found(cache, range(200));
    expect(kept.slice(0, 2)).toEqual([true, true]);
    expect(kept.filter(Boolean).length).toBeLessThan(100);
  });

  it("writes the age of a tile at most once an hour, however often it is read", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-01-01T00:00:00Z") });
    const cache = await openCache();
    await fill(cache, [0]);
    vi.setSystemTime(new Date("2026-01-01T00:59:00Z"));
    for (let n = 0; n < 20; n++) await found(cache, [0]);
    await cache.flush();
    expect(await ageOf(0)).toBe("2026-01-01T00:00:00.000Z");
    vi.setSystemTime(new Date("2026-01-01T01:01:00Z"));
    await found(cache, [0]);
    await cache.flush();
    expect(await ageOf(0)).toBe("2026-01-01T01:01:00.000Z");
  });

  it("lets entries expire, however often they are read", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-01-01T00:00:00Z") });
    const cache = await openCache({ ttlSeconds: 7_200 });
    await fill(cache, [0]);
    vi.setSystemTime(new Date("2026-01-01T01:59:00Z"));
    expect(await found(cache, [0])).toEqual([true]);
    vi.setSystemTime(new Date("2026-01-01T02:01:00Z"));
    expect(await found(cache, [0])).toEqual([false]);
    await cache.flush();
    expect(statsOf(cache).entries).toBe(0);
  });

  it("is shared by several processes at once", async () => {
    const cache = await openCache();
    const written = spawnSync(process.execPath, [WRITER, folder, "40"], { encoding: "utf8" });
    expect(written.stderr).toBe("");
    expect(await found(cache, range(40))).toEqual(range(40).map(() => true));
    await fill(cache, ["mine"]);
    expect(await found(cache, ["mine"])).toEqual([true]);
  });
});

describe("an embedded store that suffers", () => {
  it("loses nothing that was committed when its process is killed in the middle of writing", async () => {
    const writer = spawn(process.execPath, [WRITER, folder, "100000"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let committed = 0;
    writer.stdout.on("data", (chunk: Buffer) => {
      for (const line of chunk.toString().split("\n")) committed = Math.max(committed, Number(line));
      if (committed > 500) writer.kill("SIGKILL");
    });
    await once(writer, "exit");
    const { lines, log } = logBook();
    const cache = await openCache({ log, bytes: 4096 * MB });
    expect(committed).toBeGreaterThan(500);
    expect(await found(cache, range(committed))).toEqual(range(committed).map(() => true));
    await fill(cache, ["after"]);
    expect(await found(cache, ["after"])).toEqual([true]);
    expect(lines).toEqual([]);
  });

  const damages: readonly (readonly [string, () => void])[] = [
    ["overwritten with zeros", () => writeFileSync(dataFile(), Buffer.alloc(statSync(dataFile()).size))],
    ["overwritten with text", () => writeFileSync(dataFile(), "hello world ".repeat(5_000))],
    ["cut in half", () => truncateSync(dataFile(), statSync(dataFile()).size >> 1)],
    ["cut to a few bytes", () => truncateSync(dataFile(), 100)],
    ["cut to nothing", () => truncateSync(dataFile(), 0)],
    [
      "flipped at every 997th byte",
      () => {
        const bytes = readFileSync(dataFile());
        for (let at = 0; at < bytes.length; at += 997) bytes[at] = ~(bytes[at] ?? 0);
        writeFileSync(dataFile(), bytes);
      },
    ],
  ];
  it.each(damages)("begins anew when its file was %s", async (_, damage) => {
    const first = await openCache();
    await fill(first, range(100));
    await closeCache(first);
    damage();
    // Later than it was closed, however soon: the check is begun by that, or by another size.
    const later = Date.now() / 1000 + 10;
    utimesSync(dataFile(), later, later);
    const second = await openCache();
    const survivors = await found(second, range(100));
    expect(survivors).not.toContain(true);
    await fill(second, ["after"]);
    expect(await found(second, ["after"])).toEqual([true]);
    expect(statsOf(second).healthy).toBe(true);
    expect(readdirSync(join(folder, "tiles-1")).length).toBeLessThanOrEqual(4);
  });

  it("drops just the tiles whose own bytes were flipped", async () => {
    const first = await openCache();
    await fill(first, range(100));
    await closeCache(first);
    const bytes = readFileSync(dataFile());
    const at = bytes.indexOf("42;42;42;42;", 0);
    bytes[at + 5_000] = (bytes[at + 5_000] ?? 0) ^ 1;
    writeFileSync(dataFile(), bytes);
    const { lines, log } = logBook();
    const second = await openCache({ log });
    expect(await found(second, range(100))).toEqual(range(100).map((n) => n !== 42));
    await second.flush();
    expect(statsOf(second).entries).toBe(99);
    await fill(second, [42]);
    expect(await found(second, [42])).toEqual([true]);
    expect(lines).toEqual([]);
  });

  it.each([
    ["lies below a file", () => join(folder, "file", "cache"), () => writeFileSync(join(folder, "file"), "")],
    ["lies where no folder can be made", () => "/proc/bandloom/cache", () => {}],
    [
      "holds a folder in place of the data file",
      () => folder,
      () => mkdirSync(join(folder, "tiles-1", "data.mdb", "x"), { recursive: true }),
    ],
  ])("is done without when its folder %s", async (_, path, prepare) => {
    prepare();
    const { lines, log } = logBook();
    const cache = await createTileCache({
      memoryBytes: MB,
      redisUrl: null,
      folder: path(),
      embeddedBytes: MB,
      openWaitMs: PATIENCE_MS,
      log,
    });
    open.add(cache);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    const [hit] = await cache.get([keyOf("a")], ANYTHING);
    expect(hit?.tier).toBe("memory");
    if (lines.length > 0) {
      expect(lines).toEqual([expect.stringMatching(/^Embedded cache: off \(.*served without it$|moved aside/)]);
    }
  });

  it.each([
    ["deleted", () => rmSync(folder, { recursive: true })],
    ["moved away", () => renameSync(folder, `${folder}-moved`)],
    ["replaced by an empty one", () => renameSync(folder, `${folder}-moved`) ?? mkdirSync(folder)],
  ])("begins anew when its folder is %s under it: what it wrote would never be found again", async (_, remove) => {
    const { lines, log } = logBook();
    const cache = await openCache({ log });
    await fill(cache, range(10));
    remove();
    onTestFinished(() => rmSync(`${folder}-moved`, { recursive: true, force: true }));
    await fill(cache, range(20));
    expect(statsOf(cache).healthy).toBe(false);
    // What it finds is right.
    await found(cache, range(20));
    await until(() => statsOf(cache).healthy, "the store begins anew");
    expect(lines).toEqual([
      "Embedded cache: off (its file was removed or replaced); tiles are served without it",
      "Embedded cache: working again",
    ]);
    await fill(cache, range(5));
    await closeCache(cache);
    const next = await openCache();
    expect(await found(next, range(10))).toEqual(range(10).map((n) => n < 5));
  });

  it.each([
    ["for want of processes or files", "/nowhere/node"],
    // Of Ctrl-C in a terminal, the end of a service, want of memory.
    ...["INT", "TERM", "HUP", "QUIT", "KILL"].map((signal) => [`as the check is ended by SIG${signal}`, signal]),
  ])("keeps a sound store that it cannot check, %s, and opens it when it can", async (_, how = "") => {
    const first = await openCache();
    await fill(first, range(10));
    await closeCache(first);
    // As a killed process leaves it: it has to be checked.
    rmSync(join(folder, "tiles-1", "closed.json"));
    const { execPath } = process;
    const ended = join(folder, "ended");
    writeFileSync(ended, `#!/bin/sh\nkill -${how} $$\n`, { mode: 0o755 });
    process.execPath = how.startsWith("/") ? how : ended;
    const { lines, log } = logBook();
    const second = await openCache({ log }).finally(() => {
      process.execPath = execPath;
    });
    expect(lines).toEqual(["Embedded cache: off (the store cannot be checked now); tiles are served without it"]);
    await until(() => statsOf(second).healthy, "the store is checked and opened");
    expect(await found(second, range(10))).toEqual(range(10).map(() => true));
    expect(lines.slice(1)).toEqual(["Embedded cache: working again"]);
  });

  it("drops what a clock that was years ahead has stored, and keeps it when the clock is set back by an hour", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2056-01-01T00:00:00Z") });
    const cache = await openCache();
    await fill(cache, ["future"]);
    vi.setSystemTime(new Date("2026-01-01T01:00:00Z"));
    await fill(cache, ["an hour ahead"]);
    vi.setSystemTime(new Date("2026-01-01T00:00:00Z"));
    expect(await found(cache, ["future", "an hour ahead"])).toEqual([false, true]);
    await cache.flush();
    expect(statsOf(cache).entries).toBe(1);
  });
});
