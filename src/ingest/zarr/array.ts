import { type PlaneType, planeBytes } from "../../core/dtype.ts";
import { levelSize } from "../../core/geometry.ts";
import type { ChunkEncoding } from "../options.ts";
import type { Target } from "../protocol.ts";
import { type Axes, perAxis } from "./axes.ts";

/** NumPy's names of the types (Zarr 2 specification). */
const NUMPY: Readonly<Record<PlaneType, string>> = {
  uint8: "|u1",
  int8: "|i1",
  uint16: "<u2",
  int16: "<i2",
  uint32: "<u4",
  int32: "<i4",
  float32: "<f4",
  float64: "<f8",
};

const BLOSC = { cname: "zstd", blocksize: 0 } as const;

/** zarr.json of a level (Zarr 3 specification). `shard`: pixels a side; null: each chunk is a file. */
export function arrayMetadata3(target: Target, axes: Axes, level: number, shard: number | null): object {
  const { chunk, type, fill } = target;
  const inner = [...bytesCodec(type), codec3(target.encoding)];
  return {
    zarr_format: 3,
    node_type: "array",
    shape: shapeOf(target, axes, level),
    data_type: type,
    chunk_grid: { name: "regular", configuration: { chunk_shape: chunkShape(axes, shard ?? chunk) } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: fillJson(fill),
    codecs: shard === null ? inner : [sharding(chunkShape(axes, chunk), inner)],
    attributes: {},
    dimension_names: axes.names,
    storage_transformers: [],
  };
}

/** .zarray of a level (Zarr 2 specification). */
export function arrayMetadata2(target: Target, axes: Axes, level: number): object {
  const { chunk, type, fill, encoding } = target;
  return {
    zarr_format: 2,
    shape: shapeOf(target, axes, level),
    chunks: chunkShape(axes, chunk),
    dtype: NUMPY[type],
    compressor: codec2(encoding),
    fill_value: fillJson(fill),
    filters: null,
    order: "C",
    dimension_separator: "/",
  };
}

function shapeOf(target: Target, axes: Axes, level: number): readonly number[] {
  const { width, height } = levelSize(target, level);
  return perAxis(axes, { t: axes.times, c: axes.channels, z: axes.depth, y: height, x: width });
}

function chunkShape(axes: Axes, side: number): readonly number[] {
  return perAxis(axes, { t: 1, c: 1, z: 1, y: side, x: side });
}

/** JSON has no NaN; both versions write it as text. */
function fillJson(fill: number): number | "NaN" {
  return Number.isNaN(fill) ? "NaN" : fill;
}

function bytesCodec(type: PlaneType): readonly object[] {
  return [planeBytes(type) === 1 ? { name: "bytes" } : { name: "bytes", configuration: { endian: "little" } }];
}

function codec3({ compression, effort }: ChunkEncoding): object {
  if (compression === "blosc") {
    // The width that its shuffle takes samples to have, whatever theirs is (see compressor).
    const configuration = { ...BLOSC, clevel: effort, shuffle: "shuffle", typesize: 4 };
    return { name: "blosc", configuration };
  }
  if (compression === "gzip") return { name: "gzip", configuration: { level: effort } };
  return { name: "zstd", configuration: { level: effort, checksum: false } };
}

function codec2({ compression, effort }: ChunkEncoding): object {
  if (compression === "blosc") return { id: "blosc", ...BLOSC, clevel: effort, shuffle: 1 };
  return { id: compression, level: effort };
}

function sharding(chunk: readonly number[], codecs: readonly object[]): object {
  const configuration = {
    chunk_shape: chunk,
    codecs,
    index_codecs: [{ name: "bytes", configuration: { endian: "little" } }, { name: "crc32c" }],
    index_location: "end",
  };
  return { name: "sharding_indexed", configuration };
}
