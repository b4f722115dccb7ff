import { describe, expect, it } from "vitest";
import { DATA_TYPES, type DataType, isFloat } from "../../../src/core/dtype.ts";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { effort } from "../../fixtures/effort.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type TiffSpec } from "../../fixtures/tiff-builder.ts";
import { CODECS, type Codec, decodedPlane, type PixelSpec } from "../../fixtures/tiff-pixels.ts";

const decoder = new ChunkDecoder();
const LOSSLESS = CODECS.filter((codec) => codec !== "jpeg");
/** Predictors come with these alone; libtiff knows them for no other. */
const PREDICTED: readonly Codec[] = ["lzw", "deflate", "oldDeflate", "zstd"];
const SHAPES = { tiles: { tile: [16, 32] }, strips: { rowsPerStrip: 7 }, "one strip": {} } as const;

/** What the first channels that differ from what was written have instead; empty where all is right. */
async function faults(spec: TiffSpec): Promise<string[]> {
  const [directory] = spec.directories;
  if (!directory) throw new Error("no directory");
  const source = await openTiff(new MemoryStore(buildTiff(spec)));
  const found: string[] = [];
  for (let sample = 0; sample < (directory.samples ?? 1); sample++) {
    const plane = await decoder.plane(source, { channel: sample });
    const difference = planeDifference(plane, await decodedPlane(directory, sample));
    if (difference !== null) found.push(`sample ${sample} ${difference}`);
  }
  await source.close();
  return found;
}

/** In every run each two choices meet in some file; in the long form all choices meet. */
function isTried(order: string, big: boolean, planar: boolean, turn: number): boolean {
  const first = (order === "MM") !== (turn % 3 === 1);
  const second = big !== (turn % 3 === 2);
  return (first === second && second === planar) || effort(0, 1) === 1;
}

function* variants(type: DataType, codec: Codec): Generator<readonly [name: string, spec: TiffSpec]> {
  for (const order of ["II", "MM"] as const) {
    for (const big of [false, true]) {
      for (const planar of [false, true]) {
        for (const [index, [shape, layout]] of Object.entries(SHAPES).entries()) {
          for (const predictor of predictors(type, codec)) {
            if (!isTried(order, big, planar, index + predictor)) continue;
            const samples = type === "bit" && !planar ? 1 : 3;
            const image: PixelSpec = { width: 37, height: 41, type, codec, samples, planar, predictor, ...layout };
            const name = `${order} ${big ? "BigTIFF" : "classic"} ${planar ? "planar" : "interleaved"} ${shape} predictor ${predictor}`;
            yield [name, { order, big, directories: [image] }];
          }
        }
      }
    }
  }
}

function predictors(type: DataType, codec: Codec): readonly (1 | 2 | 3)[] {
  if (type === "bit" || !PREDICTED.includes(codec)) return [1];
  return isFloat(type) ? [1, 2, 3] : [1, 2];
}

describe.each(LOSSLESS)("a file with compression %s", (codec) => {
  it.each(DATA_TYPES)(
    "of %s samples is read as written, whatever its byte order, layout and predictor",
    async (type) => {
      const wrong: string[] = [];
      for (const [name, spec] of variants(type, codec)) {
        const found = await faults(spec).catch((error: unknown) => [String(error)]);
        wrong.push(...found.map((fault) => `${name}: ${fault}`));
      }
      expect(wrong).toEqual([]);
    },
  );
});

describe("a file with compression jpeg", () => {
  it.each([false, true])("is read as sharp decodes it, tables shared: %s", async (jpegTables) => {
    for (const samples of [1, 3]) {
      for (const planar of [false, true]) {
        for (const subsampled of [false, true]) {
          for (const layout of [{ tile: [32, 48] }, { rowsPerStrip: 16 }] as const) {
            const image = { width: 75, height: 61, codec: "jpeg", samples, planar, subsampled, jpegTables } as const;
            const spec = { directories: [{ ...image, ...layout, value: smooth }] };
            expect([samples, planar, subsampled, await faults(spec)]).toEqual([samples, planar, subsampled, []]);
          }
        }
      }
    }
  });
});

function smooth(x: number, y: number, sample: number): number {
  return Math.round(127 + 100 * Math.sin(x / 17 + sample) * Math.cos(y / 13));
}

describe("long runs of one value", () => {
  it.each(LOSSLESS)("are read from %s", async (codec) => {
    const image = { width: 700, height: 300, tile: [256, 256], codec, value: () => 9 } as const;
    expect(await faults({ directories: [image] })).toEqual([]);
  });
});

describe("Zstandard", () => {
  it("is read where its blocks are compressed", async () => {
    // Made by `zstd -19`.
    const stored = Buffer.from(COMPRESSED_FRAME, "base64");
    const image = { width: 64, height: 64, codec: "zstd", value: blocks } as const;
    expect(await faults({ directories: [{ ...image, replaceChunk: () => stored }] })).toEqual([]);
  });
});

function blocks(x: number, y: number): number {
  return ((x >> 3) * (y >> 3) * 5) % 251;
}

const COMPRESSED_FRAME =
  "KLUv/WQAD9UCACQDAAUKDxQZHiMKFB4oMjxGDx4tPEtaaRQoPFBkeIwZMktkfZavHjxaeJa00iNGaYyv0vU5qEA+0N0MEUye//9/fb2UqbhCoDigVVwwKE4QFRfIhuIBI4Gqm+piZWg=";
