import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { effort } from "../fixtures/effort.ts";
import { anonymousMemory, type RunningServer, startServer } from "../fixtures/server.ts";
import { otherwiseAt, type SoakResult, soak } from "../fixtures/soak.ts";
import { buildTiff, type DirectorySpec } from "../fixtures/tiff-builder.ts";

/** Three minutes in its long form, on two cores with nothing else to do. */
const TILES = effort(800, 20_000);
/** A second server makes so many of them again. */
const COMPARED = effort(200, 1_000);
const IMAGES = [
  { key: "small", side: 512, channels: 2 },
  { key: "large", side: 1_024, channels: 5 },
] as const;
const GIBIBYTE = 2 ** 30;

const data = mkdtempSync(join(tmpdir(), "bandloom-soak-"));
let server: RunningServer;
let result: SoakResult;
let memory = 0;
let fresh: RunningServer | undefined;

beforeAll(async () => {
  for (const { key, side, channels } of IMAGES) {
    const value = (x: number, y: number, channel: number) => (x * 7 + y * 13 + (x * y * (channel + 3)) / 64) % 251;
    const layout = { width: side, height: side, samples: channels, planar: true, value } satisfies DirectorySpec;
    const directories: DirectorySpec[] = [{ ...layout, tile: [256, 256], codec: "deflate" }];
    writeFileSync(join(data, `${key}.tif`), buildTiff({ directories }));
  }
  // Memory that holds a few tiles: what is asked for again comes from the store behind it, or is made again.
  server = await startServer({ data, environment: { BANDLOOM_WORKERS: "2", BANDLOOM_MEMORY_BYTES: "1MiB" } });
  const pid = server.pid();
  result = await soak(server.url, {
    images: IMAGES,
    lanes: 4,
    goesOn: (tiles) => {
      memory = Math.max(memory, anonymousMemory(pid));
      return tiles < TILES;
    },
  });
}, 1_800_000);
afterAll(async () => {
  await Promise.all([server?.stop(), fresh?.stop()]);
  rmSync(data, { recursive: true, force: true });
});

describe("a server that is asked for new formulas all the time", () => {
  it("answers every request, with the same bytes when a tile is asked for again", () => {
    expect(result.failed).toEqual([]);
    expect(result.wrong).toEqual([]);
    expect(result.tiles.size).toBeGreaterThan(0.8 * TILES);
    expect(result.repeats).toBeGreaterThan(0.8 * TILES);
  });

  it("holds less than a gibibyte of memory", () => {
    expect(memory).toBeGreaterThan(0);
    expect(memory).toBeLessThan(GIBIBYTE);
  });

  it("makes no tile otherwise than a server that was never under load", async () => {
    fresh = await startServer({
      data,
      environment: { BANDLOOM_CACHE: join(data, "small.tif", "none"), BANDLOOM_MEMORY_BYTES: "1" },
    });
    expect(await otherwiseAt(fresh.url, result.tiles, Math.max(1, Math.floor(TILES / COMPARED)))).toEqual([]);
  }, 1_800_000);
});
