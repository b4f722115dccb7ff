import { planeBytes, planeTypeOf, planeView } from "../../core/dtype.ts";
import type { Identity } from "../identity.ts";
import { andThen, type Maybe } from "../tiff/maybe.ts";
import type { ChunkBytes, ChunkLayout, ChunkRef, DecodeTarget, Folder, ImageInfo, ImageSource } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { isWide, type ZarrArray } from "./array.ts";
import type { AxisName } from "./axes.ts";
import type { Packing, Sharding } from "./chain.ts";
import { narrow } from "./narrow.ts";
import { placeInShard, rangeInShard, Shards } from "./shard.ts";
import { lastInPlace, prepareLast, scratchOf, unpackAll, unpackLast } from "./unpack.ts";

/** What packing may add to samples that do not pack. */
const EXPANSION = 2;
const OVERHEAD_BYTES = 65_536;
const ALIGNMENT = 16;

/** Channels of an OME-Zarr image: the planes of its arrays, one array a level. */
export class OmeZarrSource implements ImageSource {
  readonly info: ImageInfo;
  readonly identity: Identity;
  readonly fetchAll?: NonNullable<ImageSource["fetchAll"]>;
  readonly #folder: Folder;
  readonly #arrays: readonly ZarrArray[];
  readonly #axes: readonly AxisName[];
  readonly #shards: Shards;

  constructor(
    info: ImageInfo,
    identity: Identity,
    folder: Folder,
    arrays: readonly ZarrArray[],
    axes: readonly AxisName[],
  ) {
    this.info = info;
    this.identity = identity;
    this.#folder = folder;
    this.#arrays = arrays;
    this.#axes = axes;
    this.#shards = new Shards(folder);
    if (folder.remote)
      this.fetchAll = (refs, signal) =>
        Promise.all(refs.map((ref) => Promise.resolve(this.fetch(ref, signal)).catch(asError)));
  }

  locate(channel: number): { readonly group: number; readonly sample: number } {
    const samples = this.#chunkSize(this.#array(0), "c");
    return { group: Math.floor(channel / samples), sample: channel % samples };
  }

  layout(ref: ChunkRef): ChunkLayout {
    const array = this.#array(ref.level);
    const along = (axis: AxisName, at: number) => {
      const chunk = this.#chunkSize(array, axis);
      return Math.min(chunk, this.#size(array, axis) - at * chunk);
    };
    return {
      width: along("x", ref.x),
      height: along("y", ref.y),
      samples: along("c", ref.group),
      type: planeTypeOf(array.dataType),
    };
  }

  fetch(ref: ChunkRef, signal?: AbortSignal): Maybe<ChunkBytes> {
    const array = this.#array(ref.level);
    const { packings } = array.chain;
    const last = lastInPlace(packings);
    return andThen(this.#stored(array, this.#place(array, ref), signal), (bytes) => {
      if (bytes === null) return null;
      if (last === null) return unpackAll(bytes, packings, chunkBytes(array));
      return prepareLast(last)?.then(() => bytes) ?? bytes;
    });
  }

  scratchBytes(ref: ChunkRef, compressedLength: number): number {
    const array = this.#array(ref.level);
    const chunk = aligned(chunkBytes(array));
    return chunk + Math.max(chunk, scratchOf(this.#last(array), compressedLength));
  }

  decode(bytes: ChunkBytes, ref: ChunkRef, target: DecodeTarget): void {
    const array = this.#array(ref.level);
    if (bytes === null) {
      this.#fill(array, ref, target);
      return;
    }
    const { pixels } = target;
    const capacity = chunkBytes(array);
    const { sampleBytes } = array;
    const isWhole = this.#liesAsWanted(array, ref);
    const ptr = isWhole && !isConverted(array) ? target.ptr : target.scratch;
    unpackLast(bytes, this.#last(array), { pixels, ptr, capacity, scratch: target.scratch + aligned(capacity) });
    if (!array.littleEndian && sampleBytes > 1) pixels.swap(ptr, capacity / sampleBytes, sampleBytes);
    if (ptr !== target.ptr) this.#takeOut(array, ref, target);
  }

  async close(): Promise<void> {
    this.#shards.close();
    await this.#folder.close();
  }

  /** The chunk is one plane, or planes of channels one after the other, and nothing of it lies outside the level. */
  #liesAsWanted(array: ZarrArray, ref: ChunkRef): boolean {
    const { width, height, samples } = this.layout(ref);
    const isNatural = array.chain.order.every((axis, index) => axis === index);
    return isNatural && width * height * samples * array.sampleBytes === chunkBytes(array);
  }

  /** The wanted planes out of a chunk that holds more, or holds them in another order. */
  #takeOut(array: ZarrArray, ref: ChunkRef, { pixels, ptr, scratch }: DecodeTarget): void {
    const { width, height, samples, type } = this.layout(ref);
    const stored = array.sampleBytes;
    const strides = this.#strides(array);
    const stride = (axis: AxisName) => strides[this.#axes.indexOf(axis)] ?? 0;
    const inside = (axis: AxisName, at: number) => (at % this.#chunkSize(array, axis)) * stride(axis);
    const start = inside("z", this.#depthAt(array, ref.z)) + inside("t", ref.t);
    const planeSize = width * height * planeBytes(type);
    for (let sample = 0; sample < samples; sample++) {
      const from = scratch + (start + sample * stride("c")) * stored;
      const to = ptr + sample * planeSize;
      const place = isConverted(array) ? scratch + aligned(chunkBytes(array)) : to;
      if (stride("x") === 1) pixels.copyRect(from, stride("y") * stored, place, width * stored, width * stored, height);
      else gather(pixels.memory, from, place, { width, height }, stride("x") * stored, stride("y") * stored, stored);
      if (array.dataType === "float16") pixels.halfToFloat(place, to, width * height);
      else if (place !== to) narrow(pixels.memory, place, to, width * height, type === "int32");
    }
  }

  #fill(array: ZarrArray, ref: ChunkRef, { pixels, ptr }: DecodeTarget): void {
    const { width, height, samples, type } = this.layout(ref);
    planeView(type, pixels.memory.buffer as ArrayBuffer, ptr, samples * width * height).fill(array.fill);
  }

  #stored(array: ZarrArray, place: readonly number[], signal: AbortSignal | undefined): Maybe<ChunkBytes> {
    const most = chunkBytes(array) * EXPANSION + OVERHEAD_BYTES;
    const { sharding } = array;
    if (sharding) return this.#storedInShard(array, sharding, place, most, signal);
    return andThen(this.#folder.get(array.keyOf(place), most, signal), (found) => found?.bytes ?? null);
  }

  async #storedInShard(
    array: ZarrArray,
    sharding: Sharding,
    place: readonly number[],
    most: number,
    signal: AbortSignal | undefined,
  ): Promise<ChunkBytes> {
    const { shard, number } = placeInShard(sharding, place);
    const open = await this.#shards.open(sharding, array.keyOf(shard), signal);
    const range = open && rangeInShard(open, number, most);
    return range ? open.store.read(range.offset, range.length, signal) : null;
  }

  #place(array: ZarrArray, ref: ChunkRef): number[] {
    const plane = (axis: AxisName, at: number) => Math.floor(at / this.#chunkSize(array, axis));
    const places: Readonly<Record<AxisName, number>> = {
      t: plane("t", ref.t),
      c: ref.group,
      z: plane("z", this.#depthAt(array, ref.z)),
      y: ref.y,
      x: ref.x,
    };
    return this.#axes.map((axis) => places[axis]);
  }

  /** Coarser levels may have fewer planes along z. */
  #depthAt(array: ZarrArray, z: number): number {
    const depth = this.#size(array, "z");
    return Math.min(depth - 1, Math.floor((z * depth) / this.info.depth));
  }

  /** Samples from one to the next along each axis of the array. */
  #strides({ chunk, chain }: ZarrArray): number[] {
    const strides = chunk.map(() => 1);
    let product = 1;
    for (const axis of chain.order.toReversed()) {
      strides[axis] = product;
      product *= chunk[axis] ?? 1;
    }
    return strides;
  }

  #last({ chain }: ZarrArray): Packing | undefined {
    return lastInPlace(chain.packings) ?? undefined;
  }

  #array(level: number): ZarrArray {
    const array = this.#arrays[level];
    if (!array) throw new RangeError(`There is no stored level ${level}.`);
    return array;
  }

  #size(array: ZarrArray, axis: AxisName): number {
    return array.shape[this.#axes.indexOf(axis)] ?? 1;
  }

  #chunkSize(array: ZarrArray, axis: AxisName): number {
    const index = this.#axes.indexOf(axis);
    return index < 0 ? 1 : (array.chunk[index] ?? 1);
  }
}

interface Sides {
  readonly width: number;
  readonly height: number;
}

/** Samples that do not lie side by side, one by one; strides in bytes. */
function gather(
  memory: WebAssembly.Memory,
  from: number,
  to: number,
  { width, height }: Sides,
  strideX: number,
  strideY: number,
  sampleBytes: number,
): void {
  const bytes = new Uint8Array(memory.buffer);
  let at = to;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const source = from + y * strideY + x * strideX;
      bytes.copyWithin(at, source, source + sampleBytes);
      at += sampleBytes;
    }
}

function chunkBytes({ chunk, sampleBytes }: ZarrArray): number {
  return chunk.reduce((product, side) => product * side, sampleBytes);
}

/** Samples lie in memory in another form than they are stored in. */
function isConverted({ dataType, sampleBytes }: ZarrArray): boolean {
  return dataType === "float16" || isWide(sampleBytes, dataType);
}

function aligned(bytes: number): number {
  return Math.ceil((bytes + 128) / ALIGNMENT) * ALIGNMENT;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : unreadable("a chunk cannot be read", error);
}
