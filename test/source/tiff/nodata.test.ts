import { describe, expect, it } from "vitest";
import { type DataType, planeBytes, planeTypeOf } from "../../../src/core/dtype.ts";
import { createPixelOps, isNodata } from "../../../src/kernel/index.ts";
import { nodataOf, parseNodata } from "../../../src/source/tiff/metadata/nodata.ts";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { ChunkDecoder } from "../../fixtures/decode-image.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec } from "../../fixtures/tiff-builder.ts";

const decoder = new ChunkDecoder();
const memory = new WebAssembly.Memory({ initial: 1 });
const pixels = createPixelOps(memory);

/** What the samples of each type are, in whose order the rows below count. */
const VALUES = {
  uint8: [0, 1, 7, 254, 255],
  int16: [-32768, -10000, -9999, -1, 0, 1, 7, 32767],
  float32: [
    ...[0, 7, -9999, -9998.9990234375, -9998.998046875, -9998.99609375, -9998.9951171875, 1.0000000200408773e20],
    ...[-3.4028234663852886e38, 3.4028234663852886e38, -3.3999999521443642e38, -1.0000000150474662e30],
    ...[9.999999933815813e36, 0.10000000149011612, Number.NaN, Infinity, -Infinity],
  ],
  float64: [
    ...[0, 7, -9999, -9999.001, -9998, 1e20, -3.4028234663852886e38, -3.4028235e38, -3.3999999521443642e38],
    ...[-3.4e38, -1.7976931348623157e308, -1.79769e308, 0.1, 0.10000000149011612, Number.NaN, Infinity, -Infinity],
  ],
} as const satisfies Partial<Record<DataType, readonly number[]>>;
type Type = keyof typeof VALUES;
const TYPES = Object.keys(VALUES) as readonly Type[];

type Row = readonly [string, readonly number[], readonly number[], readonly number[], readonly number[]];

/** Text, then which samples GDAL 3.10.3 masks (rasterio's read_masks) in uint8, int16, float32 and float64. */
const MASKS: readonly Row[] = [
  ["nan", [], [], [14], [14]],
  ["NaN", [], [], [14], [14]],
  ["-1.#IND", [], [], [14], [14]],
  ["1.#QNAN", [], [], [14], [14]],
  ["inf", [], [], [15], [15]],
  ["-inf", [], [], [16], [16]],
  ["INF", [], [], [15], [15]],
  ["Infinity", [], [], [15], [15]],
  ["-Infinity", [], [], [16], [16]],
  ["1.#INF", [], [], [15], [15]],
  ["1e+20", [], [], [7], [5]],
  ["1.e20", [], [], [7], [5]],
  ["100000000000000000000", [], [], [7], [5]],
  ["-3.4028234663852886e+38", [], [], [8, 10], [6, 7]],
  ["-3.40282346638529e+38", [], [], [8, 10], [6, 7]],
  ["-3.4028235e+38", [], [], [8, 10], [6, 7]],
  ["-3.40282e+38", [], [], [8, 10], []],
  ["-3.39999999999999996e+38", [], [], [8, 10], [8, 9]],
  ["3.4028234663852886e+38", [], [], [9, 12], []],
  ["-1.7976931348623157e+308", [], [], [16], [10, 11]],
  ["-1.797693134862316e+308", [], [], [16], [16]],
  ["-9999", [], [2], [2, 3, 4, 5], [2, 3]],
  ["-9999.0", [], [2], [2, 3, 4, 5], [2, 3]],
  ["  -9999  ", [], [2], [2, 3, 4, 5], [2, 3]],
  ["-9999,0", [], [2], [2, 3, 4, 5], [2, 3]],
  ["-9999\t", [], [2], [2, 3, 4, 5], [2, 3]],
  ["-9999 -9999 -9999", [], [2], [2, 3, 4, 5], [2, 3]],
  ["-9999.001", [], [2], [2, 3, 4], [2, 3]],
  ["+7", [2], [6], [1], [1]],
  ["7.", [2], [6], [1], [1]],
  ["0", [0], [4], [0], [0]],
  ["-0", [0], [4], [0], [0]],
  ["", [], [], [], []],
  ["0x10", [0], [4], [0], [0]],
  ["254.5", [3], [], [], []],
  ["-9999.6", [], [2], [], []],
  ["256", [], [], [], []],
  ["-1", [], [3], [], []],
  ["0.1", [0], [4], [13], [12, 13]],
];

/** Where we mean what the text says and GDAL takes the beginning of it for 0. */
const OWN: readonly Row[] = [
  ["NAN", [], [], [14], [14]],
  ["-nan", [], [], [14], [14]],
  ["-nan(ind)", [], [], [14], [14]],
  [" ", [], [], [], []],
  ["none", [], [], [], []],
  ["n/a", [], [], [], []],
  ["NA", [], [], [], []],
];

function specOf(type: Type, nodata: string): DirectorySpec {
  const values: readonly number[] = VALUES[type];
  return { width: values.length, height: 1, type, nodata, value: (x) => values[x] ?? 0 };
}

const open = (spec: DirectorySpec) => openTiff(new MemoryStore(buildTiff({ directories: [spec] })));

/** Which samples become NaN where a plane is read: both ways to tell must agree. */
async function masked(type: Type, text: string): Promise<readonly number[]> {
  const source = await open(specOf(type, text));
  const plane = await decoder.plane(source, { channel: 0 });
  const nodata = source.info.channels[0]?.nodata ?? null;
  const stored = new Uint8Array(plane.buffer, plane.byteOffset, plane.length * planeBytes(planeTypeOf(type)));
  const [from, to] = [1024, 2048];
  new Uint8Array(memory.buffer).fill(0, from, to).set(stored, from);
  pixels.toFloat(from, planeTypeOf(type), to, plane.length, nodata);
  const floats = new Float32Array(memory.buffer, to, plane.length);
  const own = [...plane].map((value) => isNodata(planeTypeOf(type), value, nodata));
  // Float64 that no float32 holds is infinite there, and no NaN.
  for (const [at, value] of floats.entries())
    expect(Number.isNaN(value), `${type} ${at}`).toBe(own[at] === true || Number.isNaN(plane[at]));
  const isNan = nodata !== null && Number.isNaN(nodata);
  return [...plane.keys()].filter((at) => own[at] || (isNan && Number.isNaN(plane[at])));
}

describe("the text of a no-data value", () => {
  it.each(MASKS)("masks what GDAL masks: %j", async (text, ...masks) => {
    for (const [index, type] of TYPES.entries()) expect([type, await masked(type, text)]).toEqual([type, masks[index]]);
  });

  it.each(OWN)("means what it says: %j", async (text, ...masks) => {
    for (const [index, type] of TYPES.entries()) expect([type, await masked(type, text)]).toEqual([type, masks[index]]);
  });

  it("ends at its first NUL", async () => {
    expect(await masked("int16", "-9999\0\0 7")).toEqual([2]);
  });

  it("of very many digits is infinite, which floats alone can be", () => {
    const text = "1".repeat(400);
    expect([parseNodata(text).value, nodataOf(text, "uint32").value]).toEqual([Infinity, null]);
  });

  it.each<[string, DataType, string | null]>([
    ["-9999", "int16", null],
    ["nan", "float32", null],
    ["-9999 -9999", "int16", null],
    ["", "uint8", null],
    ["-3.4e38", "float32", null],
    ["-9999", "uint8", "NODATA_NOT_USED"],
    ["nan", "uint16", "NODATA_NOT_USED"],
    ["inf", "int32", "NODATA_NOT_USED"],
    ["2", "bit", "NODATA_NOT_USED"],
    ["-9999", "float16", "NODATA_NOT_USED"],
    ["-3.4e38", "float16", "NODATA_NOT_USED"],
    ["-9998", "float16", "NODATA_NOT_USED"],
    ["-9992", "float16", null],
    ["8.940696716308594e-8", "float16", "NODATA_NOT_USED"],
    ["0", "float16", null],
    ["5.960464477539063e-8", "float16", null],
    ["nan", "float16", null],
    ["-inf", "float16", null],
    ["none", "float32", "NODATA_NOT_USED"],
    ["254.5", "uint8", "NODATA_APPROXIMATED"],
    ["-9999 0 0", "int16", "NODATA_APPROXIMATED"],
    ["0x10", "uint8", "NODATA_APPROXIMATED"],
    ["1,234.5", "float32", "NODATA_APPROXIMATED"],
    ["7 units", "float64", "NODATA_APPROXIMATED"],
  ])("that is %j in %s samples is told where it is not what it says", (text, type, code) => {
    expect(nodataOf(text, type).warnings.map((one) => one.code)).toEqual(code === null ? [] : [code]);
  });

  it("stands in a warning of the image, once for all channels", async () => {
    const { info } = await open({ ...specOf("uint8", "-9999"), samples: 3 });
    expect(info.warnings).toEqual([
      { code: "NODATA_NOT_USED", message: expect.stringContaining('"-9999"'), channel: null },
    ]);
    expect(info.channels.map(({ nodata }) => nodata)).toEqual([null, null, null]);
  });
});
