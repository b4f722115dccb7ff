import { get, open, root } from "zarrita";
import { planeTypeOf, planeView } from "../../../src/core/dtype.ts";
import { BandloomError } from "../../../src/core/errors.ts";
import { openOmeZarr } from "../../../src/source/ome-zarr/open.ts";
import type { ImageSource } from "../../../src/source/types.ts";
import { MemoryFolder } from "../../fixtures/memory-folder.ts";
import type { PlaneArray } from "../../fixtures/tiff-pixels.ts";
import { type ArraySpec, grid, valueAt } from "../../fixtures/zarr-builder.ts";

export function openFiles(files: ReadonlyMap<string, Uint8Array>, series = 0): Promise<ImageSource> {
  return openOmeZarr(new MemoryFolder(files), series);
}

/** The plane of an array at fixed places along all axes but the last two, as its description says. */
export function planeOf(spec: ArraySpec, leading: readonly number[]): PlaneArray {
  const { shape, chunk, type = "uint16", value = valueAt, missing, fill } = spec;
  const [height = 1, width = 1] = shape.slice(-2);
  const planeType = type === "int64" ? "int32" : type === "uint64" ? "uint32" : planeTypeOf(type);
  const plane = planeView(planeType, new ArrayBuffer(width * height * 8), 0, width * height);
  const filled = typeof fill === "number" ? fill : fill === "NaN" ? Number.NaN : 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const place = [...leading, y, x];
      const isMissing = missing?.(place.map((at, axis) => Math.floor(at / (chunk[axis] ?? 1))));
      plane[y * width + x] = isMissing ? filled : value(place);
    }
  return plane;
}

/** All samples of an array, as zarrita reads them. */
export async function byZarrita(files: ReadonlyMap<string, Uint8Array>, path: string): Promise<readonly number[]> {
  // It swaps bytes where they lie: it gets its own.
  const copy = (bytes: Uint8Array | undefined, from: number, to?: number) =>
    bytes && Uint8Array.from(bytes.subarray(from, to));
  const store = {
    get: async (key: `/${string}`) => copy(files.get(key.slice(1)), 0),
    getRange: async (key: `/${string}`, range: { offset: number; length: number } | { suffixLength: number }) => {
      const bytes = files.get(key.slice(1));
      if ("suffixLength" in range) return copy(bytes, -range.suffixLength);
      return copy(bytes, range.offset, range.offset + range.length);
    },
  };
  const array = await open(root(store).resolve(path), { kind: "array" });
  const { data, shape, stride } = await get(array);
  const samples = data as unknown as ArrayLike<number | bigint | boolean>;
  // Where the chunks are transposed so is what it gives.
  return grid(shape).map((place) =>
    Number(samples[place.reduce((at, index, axis) => at + index * (stride[axis] ?? 0), 0)]),
  );
}

/** What a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<BandloomError> {
  const error: unknown = await promise.then(
    () => new Error("It was not rejected."),
    (reason: unknown) => reason,
  );
  if (error instanceof BandloomError) return error;
  throw error;
}
