import { describe, expect, it } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { ChunkDecoder } from "../../fixtures/decode-image.ts";
import { effort } from "../../fixtures/effort.ts";
import { tryImage } from "../../fixtures/hostile.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, double, long, short, TAG, type TiffSpec } from "../../fixtures/tiff-builder.ts";
import { deflatedLerc } from "../../fixtures/tiff-lerc.ts";

const SEED = 20_261_123;
const ROUNDS = effort(300, 1500);
const MAX_CHUNKS = 6;
const MAX_CHUNK_BYTES = 48 << 20;
const TIMEOUT_MS = 120_000;
const NUMBERS = [0, 1, 2, 3, 4, 5, 7, 8, 16, 32, 127, 128, 255];

const TILE: DirectorySpec = { width: 40, height: 24, tile: [16, 16] };
const lercTile = deflatedLerc({ width: 16, height: 16, depth: 1, type: "uint16", value: (x, y) => x * y });

const SEEDS: Readonly<Record<string, TiffSpec>> = {
  palette: {
    directories: [
      {
        ...TILE,
        tags: {
          [TAG.photometric]: short(3),
          [TAG.colorMap]: { type: 3, values: Array.from({ length: 768 }, (_, i) => i * 80) },
        },
      },
    ],
  },
  mask: {
    directories: [
      { ...TILE, samples: 3, nodata: "3" },
      { ...TILE, type: "bit", tile: [32, 16], tags: { [TAG.newSubfileType]: long(4), [TAG.photometric]: short(4) } },
      { ...TILE, width: 20, height: 12, samples: 3, reduced: true },
      { ...TILE, width: 20, height: 12, type: "bit", tags: { [TAG.newSubfileType]: long(5) } },
    ],
  },
  orientation: { order: "MM", directories: [{ ...TILE, type: "int16", tags: { [TAG.orientation]: short(6) } }] },
  lerc: {
    directories: [
      {
        ...{ width: 32, height: 32, type: "uint16", tile: [16, 16], replaceChunk: () => lercTile },
        tags: { [TAG.compression]: short(34_887), [TAG.lercParameters]: long(4, 1) },
      },
    ],
  },
  georeference: {
    directories: [
      {
        ...TILE,
        tags: {
          [TAG.modelPixelScale]: double(1, 1, 0),
          [TAG.modelTiepoint]: double(0, 0, 0, 5, 6, 0),
          [TAG.geoKeyDirectory]: short(1, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 4326),
        },
      },
    ],
  },
  imageJ: {
    directories: [
      {
        ...{ width: 16, height: 36, type: "uint16", description: "ImageJ=1.5\nimages=3\nslices=3\n" },
        tags: { [TAG.imageLength]: long(12), [TAG.rowsPerStrip]: long(12) },
      },
    ],
  },
};

function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    const mixed = Math.imul(state ^ (state >>> 13), 0x297a2d39);
    return ((mixed ^ (mixed >>> 16)) >>> 0) % below;
  };
}

function damaged(file: Uint8Array, random: (below: number) => number): Uint8Array {
  const out = file.slice();
  for (let flips = 1 + random(5); flips > 0; flips--) {
    const at = random(random(4) > 0 ? Math.min(out.length, 900) : out.length);
    if (random(2) === 0) out[at] = NUMBERS[random(NUMBERS.length)] ?? 0;
    else out[at] = (out[at] ?? 0) ^ (1 << random(8));
  }
  return random(8) === 0 ? out.subarray(0, random(out.length)) : out;
}

describe("damaged files of each kind that is decoded in steps", () => {
  it.each(Object.entries(SEEDS))(
    "are read or refused, and nothing else: %s",
    async (name, spec) => {
      const random = randomNumbers(SEED + name.length);
      const file = buildTiff(spec);
      const decoder = new ChunkDecoder(MAX_CHUNK_BYTES);
      let [read, refused] = [0, 0];
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = damaged(file, random);
        try {
          const { refusals } = await tryImage(() => openTiff(new MemoryStore(bytes)), decoder, MAX_CHUNKS);
          if (refusals.length > 0) refused++;
          else read++;
        } catch (cause) {
          throw new Error(`round ${round}: ${String(cause)}\n${Buffer.from(bytes).toString("base64")}`, { cause });
        }
      }
      // Damage that is always or never noticed would try nothing.
      expect(Math.min(read, refused)).toBeGreaterThan(ROUNDS / 300);
    },
    TIMEOUT_MS,
  );
});
