import { describe, expect, it } from "vitest";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { type ArraySpec, buildImage, grid, ZARR_PACKINGS, type ZarrType } from "../../fixtures/zarr-builder.ts";
import { byZarrita, openFiles, planeOf } from "./support.ts";

const decoder = new ChunkDecoder();
const IMAGE = { shape: [3, 50, 70], chunk: [1, 32, 32] } as const;
const VERSIONS = [2, 3] as const;
const TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"] as const;

/** Every plane of the one array of an image `cyx` holds what its description says, for us and for zarrita. */
async function check(version: 2 | 3, spec: ArraySpec): Promise<void> {
  const files = await buildImage({ version, axes: "cyx", levels: [spec] });
  const source = await openFiles(files);
  // Neither half floats nor an index at the start of a shard are known to it.
  const oracle = spec.type === "float16" || spec.indexAt === "start" ? null : await byZarrita(files, "0");
  const [channels = 0, height = 0, width = 0] = spec.shape;
  for (let channel = 0; channel < channels; channel++) {
    const expected = planeOf(spec, [channel]);
    expect(planeDifference(await decoder.plane(source, { channel }), expected)).toBeNull();
    if (!oracle) continue;
    const theirs = oracle.slice(channel * width * height, (channel + 1) * width * height);
    const differing = theirs.findIndex((value, at) => !Object.is(value, expected[at]));
    expect([theirs.length, differing]).toEqual([expected.length, -1]);
  }
}

describe.each(VERSIONS)("the pixels of Zarr %i", (version) => {
  it.each(ZARR_PACKINGS)("are read out of chunks that are packed by %s", async (packing) => {
    await check(version, { ...IMAGE, packing });
  });

  it.each(["blosclz", "lz4", "lz4hc", "zlib", "zstd"])("are read out of Blosc with %s in it", async (cname) => {
    await check(version, { ...IMAGE, packing: "blosc", cname });
  });

  it.each(TYPES.flatMap((type) => [false, true].map((bigEndian) => [type, bigEndian] as const)))(
    "may be %s, big-endian %s",
    async (type, bigEndian) => {
      for (const packing of ["none", "zstd", "blosc"] as const)
        await check(version, { ...IMAGE, type, bigEndian, packing });
    },
  );

  it("may be half floats, which are float32 in memory", async () => {
    for (const bigEndian of [false, true]) await check(version, { ...IMAGE, type: "float16", bigEndian });
    const files = await buildImage({ version, axes: "cyx", levels: [{ ...IMAGE, type: "float16" }] });
    expect((await openFiles(files)).layout({ level: 0, group: 0, z: 0, t: 0, x: 0, y: 0 }).type).toBe("float32");
  });

  it.each(["int64", "uint64"] as const)("may be %s, of which 32 bits are read", async (type) => {
    const value = ([c = 0, y = 0, x = 0]: readonly number[]) =>
      type === "int64" ? (y - 25) * 2 ** 25 + x - c : y * 2 ** 26 + x + c;
    const missing = ([, y = 0]: readonly number[]) => y === 1;
    for (const bigEndian of [false, true])
      for (const chunk of [
        [1, 32, 32],
        [3, 50, 70],
        [2, 16, 70],
      ] as const)
        for (const packing of ["none", "gzip", "blosc"] as const)
          await check(version, { ...IMAGE, chunk, type, bigEndian, packing, value, missing, fill: 3 });
    await check(version, { ...IMAGE, chunk: [2, 16, 32], type, value, order: [2, 1, 0] });
  });

  it.each<[ZarrType, number]>([
    ["uint64", 2 ** 32],
    ["uint64", -1],
    ["int64", 2 ** 31],
    ["int64", -(2 ** 31) - 1],
  ])("are refused where one is beyond 32 bits, as %s has %i", async (type, large) => {
    const value = ([, y = 0, x = 0]: readonly number[]) => (y === 40 && x === 60 ? large : 1);
    const source = await openFiles(await buildImage({ version, axes: "cyx", levels: [{ ...IMAGE, type, value }] }));
    const ref = { level: 0, group: 0, z: 0, t: 0, x: 0, y: 0 };
    expect((await decoder.decode(source, ref))[0]).toBe(1);
    await expect(decoder.decode(source, { ...ref, x: 1, y: 1 })).rejects.toThrow(/of 64 bits are read as 32/);
  });

  it.each([".", "/"] as const)("lie in chunks whose names are parted by %s", async (separator) => {
    await check(version, { ...IMAGE, separator });
  });

  it("may lie in a chunk with its first axis fastest", async () => {
    for (const packing of ["none", "zlib", "blosc"] as const)
      await check(version, { ...IMAGE, order: [2, 1, 0], packing });
  });

  it("may have chunks of several channels", async () => {
    for (const chunk of [
      [3, 32, 32],
      [2, 32, 32],
      [2, 50, 70],
    ] as const)
      for (const packing of ["none", "gzip"] as const) await check(version, { shape: [3, 50, 70], chunk, packing });
  });

  it("may have chunks that are larger than the image, and ones of any shape", async () => {
    for (const chunk of [
      [1, 64, 128],
      [4, 300, 300],
      [1, 7, 70],
      [1, 1, 1],
    ] as const)
      await check(version, { shape: [2, 50, 70], chunk });
    await check(version, { shape: [1, 1, 1], chunk: [1, 1, 1] });
  });

  it.each<[ZarrType, number | string | null]>([
    ["uint16", 7],
    ["uint16", 0],
    ["int16", -3],
    ["float32", 0.5],
    ["float32", "NaN"],
    ["float64", -1e300],
  ])("are the fill value where a chunk is missing: %s %s", async (type, fill) => {
    const missing = ([c = 0, y = 0, x = 0]: readonly number[]) => (c + y + x) % 2 === 1;
    await check(version, { ...IMAGE, type, fill, missing, packing: "zstd" });
  });
});

describe("the pixels of Zarr 3", () => {
  it.each([
    [{}],
    [{ indexAt: "start" as const }],
    [{ unchecked: true }],
    [{ indexAt: "start" as const, unchecked: true }],
    [{ packing: "zstd" as const }],
    [{ packing: "blosc" as const, type: "float32" as const }],
    [{ bigEndian: true, order: [0, 2, 1] }],
    [{ missing: ([c = 0, y = 0, x = 0]: readonly number[]) => (c + y + x) % 3 === 1, fill: 9 }],
    [{ missing: ([, y = 0]: readonly number[]) => y < 2, fill: 9 }],
  ])("may lie in shards: %o", async (more) => {
    await check(3, { shape: [3, 50, 70], chunk: [1, 16, 16], shard: [1, 2, 2], ...more });
    await check(3, { shape: [3, 50, 70], chunk: [1, 16, 32], shard: [3, 4, 1], ...more });
  });

  it("may have names as Zarr 2 has them", async () => {
    await check(3, { ...IMAGE, oldKeys: true });
    await check(3, { ...IMAGE, oldKeys: true, separator: "/" });
  });

  it("may be transposed in every way", async () => {
    for (const order of [
      [0, 2, 1],
      [1, 0, 2],
      [2, 0, 1],
      [1, 2, 0],
    ])
      await check(3, { ...IMAGE, chunk: [2, 16, 32], order });
  });

  it.each<[string, ZarrType, number]>([
    ["0x7fc00000", "float32", Number.NaN],
    ["0x3f800000", "float32", 1],
    ["0x7ff8000000000000", "float64", Number.NaN],
    ["0x3c00", "float16", 1],
    ["0x7e00", "float16", Number.NaN],
    ["Infinity", "float32", Number.POSITIVE_INFINITY],
    ["-Infinity", "float64", Number.NEGATIVE_INFINITY],
  ])("may have a fill value of %s", async (fill, type, expected) => {
    const files = await buildImage({ axes: "cyx", levels: [{ ...IMAGE, type, fill, missing: () => true }] });
    const plane = await decoder.plane(await openFiles(files), { channel: 1 });
    expect(plane[0]).toBe(expected);
  });
});

describe("the axes of an image", () => {
  it.each([
    ["yx", [40, 30], [16, 16]],
    ["cyx", [2, 40, 30], [1, 16, 16]],
    ["zyx", [3, 40, 30], [2, 16, 16]],
    ["tyx", [3, 40, 30], [2, 16, 16]],
    ["czyx", [2, 3, 40, 30], [1, 2, 16, 16]],
    ["tcyx", [2, 3, 40, 30], [2, 2, 16, 16]],
    ["tzyx", [2, 3, 40, 30], [1, 3, 16, 16]],
    ["tczyx", [2, 3, 4, 40, 30], [1, 2, 3, 16, 16]],
  ])("may be %s", async (axes, shape, chunk) => {
    const spec: ArraySpec = { shape, chunk, packing: "zstd" };
    const source = await openFiles(await buildImage({ axes, levels: [spec] }));
    const size = (name: string) => (axes.includes(name) ? (shape[axes.indexOf(name)] ?? 1) : 1);
    const { depth, times, channels, width, height } = source.info;
    expect([times, channels.length, depth, height, width]).toEqual([..."tczyx"].map(size));
    for (const [t = 0, channel = 0, z = 0] of grid([times, channels.length, depth])) {
      const leading = [...axes].slice(0, -2).map((name) => (name === "t" ? t : name === "c" ? channel : z));
      const difference = planeDifference(await decoder.plane(source, { channel, z, t }), planeOf(spec, leading));
      expect(difference).toBeNull();
    }
  });

  it("have fewer planes along z at coarser levels, of which the right ones are shown", async () => {
    const levels: readonly ArraySpec[] = [
      { shape: [8, 40, 40], chunk: [1, 20, 20] },
      { shape: [4, 20, 20], chunk: [1, 20, 20] },
    ];
    const source = await openFiles(await buildImage({ axes: "zyx", levels }));
    const [, coarse] = levels;
    if (!coarse) throw new Error("There is one level.");
    for (const [z, of] of [
      [0, 0],
      [1, 0],
      [2, 1],
      [7, 3],
    ] as const) {
      const plane = await decoder.plane(source, { channel: 0, level: 1, z });
      expect(planeDifference(plane, planeOf(coarse, [of]))).toBeNull();
    }
  });
});

describe("the levels of an image", () => {
  it.each(VERSIONS)("are its arrays, finest first, in Zarr %i", async (version) => {
    const levels: readonly ArraySpec[] = [
      { shape: [2, 100, 61], chunk: [1, 32, 32] },
      { shape: [2, 50, 31], chunk: [1, 32, 16], packing: "zlib" },
      { shape: [2, 25, 16], chunk: [1, 64, 64] },
    ];
    for (const consolidated of [false, true]) {
      const source = await openFiles(await buildImage({ version, axes: "cyx", levels, consolidated }));
      expect(source.info.levels.map(({ width, height }) => [width, height])).toEqual([
        [61, 100],
        [31, 50],
        [16, 25],
      ]);
      expect(source.info.levels.map(({ chunkWidth, codec }) => [chunkWidth, codec])).toEqual([
        [32, "none"],
        [16, "zlib"],
        [64, "none"],
      ]);
      for (const [level, spec] of levels.entries())
        expect(planeDifference(await decoder.plane(source, { channel: 1, level }), planeOf(spec, [1]))).toBeNull();
    }
  });
});
