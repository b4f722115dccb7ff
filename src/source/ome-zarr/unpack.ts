import { gunzipSync, inflateSync } from "node:zlib";
import type { CodecBlock } from "../tiff/codec/codec.ts";
import { deflate } from "../tiff/codec/deflate.ts";
import { inflateZstd, initZstd, zstd } from "../tiff/codec/zstd.ts";
import type { DecodeTarget } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import type { Packing } from "./chain.ts";
import { crc32c } from "./crc32c.ts";

/** Where unpacked bytes go: exactly `capacity` of them at `ptr`. */
export interface UnpackTarget extends DecodeTarget {
  readonly capacity: number;
}

/** Packings that can be undone where the pixels are wanted, without a copy. */
const IN_PLACE: readonly (Packing | undefined)[] = [undefined, "zlib", "zstd"];

/** The last packing is left for `unpackLast`, where that can be done in place; all others are undone here, bounded by `capacity`. */
export function lastInPlace(packings: readonly Packing[]): Packing | null | undefined {
  if (packings.length > 1) return null;
  return IN_PLACE.includes(packings[0]) ? packings[0] : null;
}

/** Bytes of a chunk with all packings undone; `capacity` is their number when they are. */
export async function unpackAll(
  bytes: Uint8Array,
  packings: readonly Packing[],
  capacity: number,
): Promise<Uint8Array> {
  let unpacked = bytes;
  for (const [index, packing] of packings.entries()) {
    // Between two packings nobody knows the length; a packed chunk is hardly longer than the chunk.
    const limit = index === packings.length - 1 ? capacity : 2 * capacity + 65_536;
    unpacked = await unpack(unpacked, packing, limit).catch((error: unknown) => {
      throw isOurs(error) ? error : unreadable(`the ${packing} stream of a chunk is damaged`, error);
    });
  }
  return unpacked;
}

/** What `unpackLast` needs to have waited for. */
export function prepareLast(packing: Packing | undefined): Promise<void> | null {
  return packing === "zstd" ? initZstd() : null;
}

/** Undoes what `lastInPlace` has left. SOURCE_UNREADABLE unless exactly `capacity` bytes come of it. */
export function unpackLast(bytes: Uint8Array, packing: Packing | undefined, target: UnpackTarget): void {
  const written = packing ? codecOf(packing).decode(bytes, target, NO_BLOCK) : store(bytes, target);
  if (written !== target.capacity) throw wrongLength(written, target.capacity);
}

/** Scratch bytes for `unpackLast`. */
export function scratchOf(packing: Packing | undefined, compressedLength: number): number {
  return packing ? codecOf(packing).scratchBytes(compressedLength) : 0;
}

/** These codecs look at nothing but the bytes. */
const NO_BLOCK: CodecBlock = {
  ...{ width: 0, height: 0, samples: 1, photometric: 1, jpegTables: null },
  ...{ dataType: "uint8", littleEndian: true, nodata: 0, lercCompression: 0 },
};

function codecOf(packing: Packing) {
  return packing === "zlib" ? deflate : zstd;
}

function store(bytes: Uint8Array, { pixels, ptr, capacity }: UnpackTarget): number {
  if (bytes.length <= capacity) new Uint8Array(pixels.memory.buffer, ptr, bytes.length).set(bytes);
  return bytes.length;
}

async function unpack(bytes: Uint8Array, packing: Packing, limit: number): Promise<Uint8Array> {
  switch (packing) {
    case "zlib":
      return inflateSync(bytes, { chunkSize: Math.max(64, limit), maxOutputLength: limit });
    case "gzip":
      return gunzipSync(bytes, { chunkSize: Math.max(64, limit), maxOutputLength: limit });
    case "zstd":
      return unpackZstd(bytes, limit);
    case "blosc":
      return unpackBlosc(bytes, limit);
    case "lz4":
      return unpackLz4(bytes, limit);
    case "crc32c":
      return withoutChecksum(bytes);
  }
}

async function unpackZstd(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  await initZstd();
  return inflateZstd(bytes, limit);
}

const BLOSC_HEADER = 16;

/** The header tells the length before anything is unpacked; blocks lie within it (c-blosc, README_CHUNK_FORMAT). */
async function unpackBlosc(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  if (bytes.length < BLOSC_HEADER) throw unreadable("a Blosc chunk has no header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [length, block, packed] = [4, 8, 12].map((at) => view.getUint32(at, true));
  if ((length ?? 0) > limit || (block ?? 0) > limit || (packed ?? 0) > bytes.length)
    throw unreadable("the header of a Blosc chunk tells more bytes than the chunk can have");
  const { default: Blosc } = await import("numcodecs/blosc");
  return Blosc.fromConfig({ id: "blosc" }).decode(bytes);
}

async function unpackLz4(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  const length = bytes.length < 4 ? limit + 1 : new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  if (length > limit) throw unreadable("an LZ4 chunk tells more bytes than the chunk can have");
  const { default: Lz4 } = await import("numcodecs/lz4");
  return Lz4.fromConfig({ id: "lz4" }).decode(bytes);
}

function withoutChecksum(bytes: Uint8Array): Uint8Array {
  const length = bytes.length - 4;
  const isRight =
    length >= 0 &&
    new DataView(bytes.buffer, bytes.byteOffset + length, 4).getUint32(0, true) === crc32c(bytes.subarray(0, length));
  if (!isRight) throw unreadable("the checksum of a chunk is wrong");
  return bytes.subarray(0, length);
}

function isOurs(error: unknown): boolean {
  return error instanceof Error && error.name === "BandloomError";
}

function wrongLength(found: number, due: number) {
  return unreadable(`one of its chunks has ${found} bytes, where ${due} are due`);
}
