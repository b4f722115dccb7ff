import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { PyramidTiffWriter } from "../../../src/source/tiff/write.ts";
import type { ChunkRef, ImageSource } from "../../../src/source/types.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, long, TAG, type TiffSpec } from "../../fixtures/tiff-builder.ts";
import { RemoteMemoryStore } from "../../fixtures/tiff-remote-store.ts";

/** Four tiles of each channel, as a picture between them needs. */
function picture(source: ImageSource, level: number): readonly ChunkRef[] {
  const groups = new Set(source.info.channels.map(({ index }) => source.locate(index).group));
  return [...groups].flatMap((group) =>
    [0, 1].flatMap((y) => [0, 1].map((x): ChunkRef => ({ level, group, z: 0, t: 0, x: x + 1, y: y + 1 }))),
  );
}

interface Trips {
  readonly opening: number;
  readonly first: number;
  readonly second: number;
}

/** Round trips until an image is open, a first picture of a level has its bytes, and one of another; bytes as a local reader has them. */
async function tripsOf(bytes: Uint8Array, levels: readonly [number, number]): Promise<Trips> {
  const store = new RemoteMemoryStore(bytes);
  const remote = await openTiff(store);
  const local = await openTiff(new MemoryStore(bytes));
  const trips = [store.roundTrips];
  for (const level of levels) {
    const refs = picture(remote, level);
    const found = await remote.fetchAll?.(refs);
    trips.push(store.roundTrips);
    for (const [index, ref] of refs.entries()) {
      const expected = await local.fetch(ref);
      expect(Buffer.from((found?.[index] as Uint8Array) ?? []).equals(expected ?? Buffer.alloc(1))).toBe(true);
    }
  }
  const [opening = 0, first = 0, second = 0] = trips;
  return { opening, first: first - opening, second: second - first };
}

/** Not compressed: tiles of 4 KiB lie far from the directories. */
const LEVEL: DirectorySpec = { width: 512, height: 512, tile: [64, 64], value: (x, y) => (x * y) & 255 };
const HALF: DirectorySpec = { ...LEVEL, width: 256, height: 256, reduced: true };

describe("behind a network", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "bandloom-trips-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each<[string, TiffSpec]>([
    [
      "planar COG",
      {
        directories: [
          { ...LEVEL, samples: 5, planar: true },
          { ...HALF, samples: 5, planar: true },
        ],
      },
    ],
    [
      "interleaved COG",
      {
        directories: [
          { ...LEVEL, samples: 3 },
          { ...HALF, samples: 3 },
        ],
      },
    ],
    [
      "pyramid in SubIFDs",
      { big: true, directories: [1, 2, 3, 4].map((seed) => ({ ...LEVEL, seed, children: [HALF] })) },
    ],
  ])("a first picture needs nothing but its pixels where the first bytes hold all directories: %s", async (_, spec) => {
    expect(await tripsOf(buildTiff(spec), [0, 1])).toEqual({ opening: 0, first: 1, second: 1 });
  });

  it("index arrays elsewhere cost one round trip for all channels, both arrays and once", async () => {
    const channels = 4;
    const randomTile = Uint8Array.from({ length: 4096 }, (_, at) => (at * 2_654_435_761) >>> 13);
    const path = join(folder, "own.ome.tif");
    const writer = await PyramidTiffWriter.create(path, {
      ...{ width: 1024, height: 1024, tileSize: 64, type: "uint8" },
      ...{ compression: "deflate", planes: channels, levels: 2, description: "Four channels" },
    });
    for (let plane = 0; plane < channels; plane++) {
      for (const [level, tiles] of [16, 8].entries()) {
        for (let at = 0; at < tiles * tiles; at++) {
          const stored = await writer.store(randomTile);
          writer.place(plane, level, at % tiles, Math.floor(at / tiles), stored);
        }
      }
    }
    await writer.seal();
    await writer.publish();
    expect(await tripsOf(readFileSync(path), [0, 1])).toMatchObject({ opening: 0, first: 2 });
    // What is known of one channel already does not part it from the others.
    const store = new RemoteMemoryStore(readFileSync(path));
    const source = await openTiff(store);
    await source.fetch({ level: 0, group: 0, z: 0, t: 0, x: 15, y: 15 });
    const before = store.calls.length;
    await source.fetchAll?.(picture(source, 0));
    expect(store.calls.length - before).toBe(2);
  });

  it("directories at the end of the file cost one round trip", async () => {
    // The header of the file that is built points to a copy of its directories behind the pixels.
    const built = buildTiff({ directories: [{ ...LEVEL, samples: 3 }] });
    const size = 4096;
    const padding = new Uint8Array(262_144 - (built.length % 65_536));
    const end = built.length + padding.length;
    const directory = built.subarray(8, 8 + size);
    const moved = Buffer.concat([built, padding, directory]);
    moved.writeUInt32LE(end, 4);
    const trips = await tripsOf(moved, [0, 0]);
    expect(trips).toEqual({ opening: 1, first: 1, second: 0 });
  });

  it("strips of one chunk, and chunks of many, travel together", async () => {
    const strips: DirectorySpec = { width: 1024, height: 512, rowsPerStrip: 4, codec: "deflate" };
    const store = new RemoteMemoryStore(buildTiff({ directories: [strips] }));
    const source = await openTiff(store);
    const rows = Math.ceil(512 / (source.info.levels[0]?.chunkHeight ?? 1));
    const refs = Array.from({ length: rows }, (_, y) => ({ level: 0, group: 0, z: 0, t: 0, x: 0, y }));
    await source.fetchAll?.(refs);
    expect(store.roundTrips).toBe(1);
  });

  it("an error of one chunk stands in its place", async () => {
    const counts = Array.from({ length: 64 }, (_, index) => (index === 9 ? 0xffffffff : 4096));
    const tags = { [TAG.tileByteCounts]: long(...counts) };
    const source = await openTiff(new RemoteMemoryStore(buildTiff({ directories: [{ ...LEVEL, tags }] })));
    const [bad, good] = (await source.fetchAll?.(picture(source, 0))) ?? [];
    expect(bad).toMatchObject({ code: "SOURCE_UNREADABLE" });
    expect(good).toHaveLength(4096);
  });

  it("a sparse chunk is null, and asks for nothing", async () => {
    const store = new RemoteMemoryStore(buildTiff({ directories: [{ ...LEVEL, sparse: (chunk) => chunk < 40 }] }));
    const source = await openTiff(store);
    expect(await source.fetchAll?.(picture(source, 0))).toEqual([null, null, null, null]);
    expect(store.roundTrips).toBe(0);
  });

  it("a request that was given up ends with its reason, in the place of each chunk", async () => {
    const source = await openTiff(new RemoteMemoryStore(buildTiff({ directories: [LEVEL] })));
    const gone = new AbortController();
    const found = source.fetchAll?.(picture(source, 0), gone.signal);
    gone.abort(new Error("the client left"));
    for (const one of (await found) ?? []) expect(one).toMatchObject({ message: "the client left" });
  });

  it("a mask and a turned image travel with their pixels", async () => {
    const mask: DirectorySpec = {
      ...{ width: 512, height: 512, type: "uint8", tile: [128, 128], value: () => 1 },
      tags: { [TAG.newSubfileType]: long(4) },
    };
    const turned = { ...LEVEL, tags: { 274: { type: 3, values: [6] } } };
    const store = new RemoteMemoryStore(buildTiff({ directories: [turned, mask] }));
    const source = await openTiff(store);
    await source.fetchAll?.(picture(source, 0));
    expect(store.roundTrips).toBe(1);
  });

  it("reading a local file gathers nothing", async () => {
    const source = await openTiff(new MemoryStore(buildTiff({ directories: [LEVEL] })));
    expect(source.fetchAll).toBeUndefined();
  });
});
