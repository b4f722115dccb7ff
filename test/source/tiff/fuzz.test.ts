import { describe, expect, it } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { ChunkDecoder } from "../../fixtures/decode-image.ts";
import { effort } from "../../fixtures/effort.ts";
import { tryImage } from "../../fixtures/hostile.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type TiffSpec } from "../../fixtures/tiff-builder.ts";
import { CODECS, type Codec, type PixelSpec } from "../../fixtures/tiff-pixels.ts";

const ROUNDS = effort(2000, 10_000);
const ROUNDS_A_CODEC = Math.ceil(ROUNDS / CODECS.length);
/** A hang guard: ten times what a codec takes on a slow machine. */
const TIMEOUT_MS = 100_000;
const MAX_CHUNKS = 12;
/** Sizes that grow under the fuzz are refused early, so that rounds stay fast. */
const MAX_CHUNK_BYTES = 4 << 20;
const SEED = 20260519;

const NUMBERS = [0, 1, 2, 3, 7, 8, 16, 0x7f, 0x80, 0xff];
const OME = `<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image><Pixels DimensionOrder="XYCZT" Type="uint8" SizeX="40" SizeY="24" SizeC="2" SizeZ="1" SizeT="1"><Channel Name="a"/><Channel Name="b"/><TiffData/></Pixels></Image></OME>`;
const GDAL = `<GDALMetadata><Item name="DESCRIPTION" sample="0" role="description">x</Item></GDALMetadata>`;

/** mulberry32: a seeded stream of 32-bit numbers. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Small files that between them use every part of the reader. */
function seeds(codec: Codec): readonly TiffSpec[] {
  const image: PixelSpec = { width: 40, height: 24, codec };
  const predicted = codec !== "jpeg" && codec !== "none" && codec !== "packBits";
  const type = codec === "jpeg" ? "uint8" : "uint16";
  const floats = codec === "jpeg" ? "uint8" : "float32";
  return [
    { directories: [{ ...image, tile: [16, 16], gdalMetadata: GDAL, nodata: "0" }] },
    {
      big: true,
      directories: [
        { ...image, tile: [16, 16], description: OME, children: [{ ...image, width: 20, height: 12, reduced: true }] },
        { ...image, tile: [16, 16], children: [{ ...image, width: 20, height: 12, reduced: true }] },
      ],
    },
    {
      order: "MM",
      directories: [
        { ...image, type, samples: 3, rowsPerStrip: 7, ...(predicted ? { predictor: 2 } : {}) },
        { ...image, type, samples: 3, width: 20, height: 12, reduced: true },
      ],
    },
    {
      order: "MM",
      big: true,
      directories: [{ ...image, type: floats, planar: true, samples: 2, ...(predicted ? { predictor: 3 } : {}) }],
    },
    { directories: [{ ...image, tile: [16, 32], samples: 3, ...(codec === "jpeg" ? { jpegTables: true } : {}) }] },
  ];
}

/** One to eight bytes changed, most often where the directories are; sometimes the end cut off, or a part repeated elsewhere. */
function damaged(file: Uint8Array, random: (below: number) => number): Uint8Array {
  const out = file.slice();
  const head = Math.min(out.length, 400);
  for (let flips = 1 + random(8); flips > 0; flips--) {
    const at = random(random(3) > 0 ? head : out.length);
    const kind = random(4);
    if (kind === 0) out[at] = (out[at] ?? 0) ^ (1 << random(8));
    else if (kind === 1) out[at] = NUMBERS[random(NUMBERS.length)] ?? 0;
    else if (kind === 2) out[at] = random(256);
    else out.copyWithin(at, random(out.length), random(out.length));
  }
  return random(5) === 0 ? out.subarray(0, random(out.length)) : out;
}

describe("thousands of damaged files", () => {
  it.each(CODECS)(
    "are read or refused, and nothing else: %s",
    async (codec) => {
      const random = randomNumbers(SEED + CODECS.indexOf(codec));
      const files = seeds(codec).map(buildTiff);
      const decoder = new ChunkDecoder(MAX_CHUNK_BYTES);
      let [read, refused] = [0, 0];
      for (let round = 0; round < ROUNDS_A_CODEC; round++) {
        const file = damaged(files[round % files.length] ?? new Uint8Array(), random);
        try {
          const outcome = await tryImage(() => openTiff(new MemoryStore(file)), decoder, MAX_CHUNKS);
          if (outcome.refusals.length > 0) refused++;
          else read++;
        } catch (cause) {
          throw new Error(`round ${round}: ${String(cause)}\n${Buffer.from(file).toString("base64")}`, { cause });
        }
      }
      // Damage that is always or never noticed would try nothing.
      expect(Math.min(read, refused)).toBeGreaterThan(ROUNDS_A_CODEC / 50);
    },
    TIMEOUT_MS,
  );
});
