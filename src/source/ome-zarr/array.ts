import { z } from "zod";
import { type DataType, isFloat, valueRange } from "../../core/dtype.ts";
import { assertChunkBytes } from "../chunk-limit.ts";
import { unreadable } from "../unreadable.ts";
import { type Chain, chainOfV2, chainOfV3, type Sharding } from "./chain.ts";
import { type Documents, type Json, type JsonObject, joinPath } from "./documents.ts";
import { listOf } from "./list-of.ts";

/** Beyond it a coordinate is no exact float32; other axes than x and y are shorter by far. */
const MAX_SIDE = 2 ** 24;
const MAX_AXES = 8;
const MAX_CODECS = 16;

/** An array of a hierarchy, Zarr 2 and 3 alike. Checked: sizes are bounded, codecs known. */
export interface ZarrArray {
  readonly path: string;
  readonly shape: readonly number[];
  /** What is decoded at once: an inner chunk where chunks are sharded. */
  readonly chunk: readonly number[];
  readonly dataType: DataType;
  /** Bytes of a stored sample: 8 of an `int32` or `uint32` are a whole number of 64 bits, which is narrowed. */
  readonly sampleBytes: number;
  readonly littleEndian: boolean;
  /** Value of what no chunk is stored for. */
  readonly fill: number;
  readonly chain: Chain;
  readonly sharding: Sharding | null;
  /** The key of a stored chunk, or of a shard, by its place in their grid. */
  readonly keyOf: (place: readonly number[]) => string;
}

const size = z.number().int().min(1).max(MAX_SIDE);
const sizes = listOf(size, { least: 2, most: MAX_AXES });

const arrayV2 = z.object({
  zarr_format: z.literal(2),
  shape: sizes,
  chunks: sizes,
  dtype: z.string(),
  compressor: z.looseObject({ id: z.string() }).nullable(),
  fill_value: z.unknown(),
  order: z.enum(["C", "F"]),
  filters: listOf(z.looseObject({ id: z.string() }), { most: MAX_CODECS }).nullish(),
  dimension_separator: z.enum([".", "/"]).optional(),
});

const codec = z.union([
  z.object({ name: z.string(), configuration: z.record(z.string(), z.unknown()).optional() }),
  z.string().transform((name) => ({ name })),
]);
const arrayV3 = z.object({
  zarr_format: z.literal(3),
  node_type: z.literal("array"),
  shape: sizes,
  data_type: z.unknown(),
  chunk_grid: z.object({ name: z.literal("regular"), configuration: z.object({ chunk_shape: sizes }) }),
  chunk_key_encoding: z.object({
    name: z.enum(["default", "v2"]),
    configuration: z.object({ separator: z.enum([".", "/"]).optional() }).optional(),
  }),
  fill_value: z.unknown(),
  codecs: listOf(codec, { least: 1, most: MAX_CODECS }),
});

/** SOURCE_UNREADABLE names the rule that the array's metadata breaks, or the feature that is not supported. */
export async function readArray(
  documents: Documents,
  path: string,
  version: 2 | 3,
  mostChunkMiB: number,
): Promise<ZarrArray> {
  const name = version === 2 ? ".zarray" : "zarr.json";
  const found = await documents.read(joinPath(path, name));
  if (!found) throw unreadable(`its array ${JSON.stringify(path)} has no ${name}`);
  const array = version === 2 ? fromV2(path, check(arrayV2, found, name)) : fromV3(path, check(arrayV3, found, name));
  if (array.shape.length !== array.chunk.length)
    throw unreadable(`the chunks of its array ${JSON.stringify(path)} have another number of axes than the array`);
  const pixels = array.chunk.reduce((product, side) => product * side, 1);
  assertChunkBytes(pixels * array.sampleBytes, "chunk", mostChunkMiB);
  return array;
}

function check<T>(schema: z.ZodType<T>, value: JsonObject, name: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw unreadable(
    `its ${name} breaks a rule of Zarr: ${issue?.path.join(".") || "it"}: ${issue?.message ?? "invalid"}`,
  );
}

function fromV2(path: string, meta: z.output<typeof arrayV2>): ZarrArray {
  const { littleEndian, ...type } = typeOfV2(meta.dtype);
  const separator = meta.dimension_separator ?? ".";
  return {
    ...{ path, shape: meta.shape, chunk: meta.chunks, ...type, littleEndian, sharding: null },
    fill: fillValue(meta.fill_value as Json, type),
    chain: chainOfV2(meta.compressor, meta.filters ?? [], meta.order, meta.chunks.length),
    keyOf: (place) => joinPath(path, place.join(separator)),
  };
}

function fromV3(path: string, meta: z.output<typeof arrayV3>): ZarrArray {
  const type = typeOfV3(meta.data_type);
  const outer = meta.chunk_grid.configuration.chunk_shape;
  const { name, configuration } = meta.chunk_key_encoding;
  const separator = configuration?.separator ?? (name === "default" ? "/" : ".");
  const { chain, sharding, littleEndian } = chainOfV3(meta.codecs, outer, type.sampleBytes);
  return {
    ...{ path, shape: meta.shape, chunk: sharding ? sharding.inner : outer, ...type, littleEndian, chain, sharding },
    fill: fillValue(meta.fill_value as Json, type),
    keyOf: (place) =>
      joinPath(path, name === "default" ? `c${separator}${place.join(separator)}` : place.join(separator)),
  };
}

type SampleType = Pick<ZarrArray, "dataType" | "sampleBytes">;

const V2_TYPES: ReadonlyMap<string, DataType> = new Map([
  ["u1", "uint8"],
  ["i1", "int8"],
  ["b1", "uint8"],
  ["u2", "uint16"],
  ["i2", "int16"],
  ["u4", "uint32"],
  ["i4", "int32"],
  // Labels of numpy and Python, of which hardly one is beyond 32 bits.
  ["u8", "uint32"],
  ["i8", "int32"],
  ["f2", "float16"],
  ["f4", "float32"],
  ["f8", "float64"],
]);

function typeOfV2(text: string): SampleType & Pick<ZarrArray, "littleEndian"> {
  const [, order, kind = ""] = /^([<>|])([a-zA-Z]\d{1,3})$/.exec(text) ?? [];
  const dataType = V2_TYPES.get(kind);
  if (!dataType) throw unsupportedType(text);
  return { dataType, sampleBytes: Number(kind.slice(1)), littleEndian: order !== ">" };
}

const V3_TYPES: ReadonlyMap<unknown, string> = new Map([
  ["bool", "b1"],
  ...[8, 16, 32, 64].flatMap((bits): [string, string][] => [
    [`uint${bits}`, `u${bits / 8}`],
    [`int${bits}`, `i${bits / 8}`],
    [`float${bits}`, `f${bits / 8}`],
  ]),
]);

function typeOfV3(type: unknown): SampleType {
  const kind = V3_TYPES.get(type) ?? "";
  const dataType = V2_TYPES.get(kind);
  if (!dataType) throw unsupportedType(type);
  return { dataType, sampleBytes: Number(kind.slice(1)) };
}

function unsupportedType(type: unknown) {
  return unreadable(
    `its samples are of type ${JSON.stringify(type)?.slice(0, 40)}, which is not supported; whole numbers and floats of up to 64 bits are`,
  );
}

/** Zarr 2: null means undefined, which is read as 0; floats may be texts, in Zarr 3 their bits in hexadecimal too. */
function fillValue(value: Json | undefined, { dataType, sampleBytes }: SampleType): number {
  if (value === null || value === undefined || value === false) return 0;
  if (value === true) return 1;
  if (typeof value === "number") {
    const [least, most] = valueRange(dataType);
    // Narrower ones are cut to their bits, as all readers do.
    if (isWide(sampleBytes, dataType) && (value < least || value > most))
      throw unreadable(`its fill value ${value} is beyond 32 bits, as which its samples are read`);
    return value;
  }
  if (value === "NaN") return Number.NaN;
  if (value === "Infinity") return Number.POSITIVE_INFINITY;
  if (value === "-Infinity") return Number.NEGATIVE_INFINITY;
  if (typeof value === "string" && /^0x[0-9a-f]{1,16}$/i.test(value)) return fromBits(BigInt(value), dataType);
  throw unreadable(`its fill value ${JSON.stringify(value).slice(0, 40)} is no number`);
}

/** Whole numbers of 64 bits, which are read as 32. */
export function isWide(sampleBytes: number, dataType: DataType): boolean {
  return sampleBytes === 8 && !isFloat(dataType);
}

function fromBits(bits: bigint, type: DataType): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, bits));
  if (type === "float64") return view.getFloat64(0);
  if (type === "float32") return view.getFloat32(4);
  if (type !== "float16") return Number(bits);
  const half = view.getUint16(6);
  const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
  const sign = half >> 15 ? -1 : 1;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
