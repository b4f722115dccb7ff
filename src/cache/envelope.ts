import { crc32 } from "node:zlib";
import type { CachedTile } from "./types.ts";

/**
 * How a tile lies in a store that outlives the process:
 *
 *     0  2  magic "BL"
 *     2  1  version of this layout
 *     3  4  CRC-32 of the key and of everything from byte 7, little-endian
 *     7  1  n, length of the content type
 *     8  n  content type, ASCII
 *  8+n  …   the encoded tile
 *
 * The checksum covers the key: an entry that lies under another key than its own is as damaged as one with a flipped bit.
 */
const MAGIC_AND_VERSION = [0x42, 0x4c, 1] as const;
const CHECKSUM = 3;
const TYPE_LENGTH = 7;
const HEADER_BYTES = 8;
const MAX_CONTENT_TYPE = 255;

/** Bytes that `seal` adds to a tile, at most. */
export const ENVELOPE_BYTES = HEADER_BYTES + MAX_CONTENT_TYPE;

/** The tile as it is stored under `key`, in memory of its own. */
export function seal(key: string, tile: CachedTile): Buffer {
  const type = tile.contentType.slice(0, MAX_CONTENT_TYPE);
  const sealed = Buffer.allocUnsafeSlow(HEADER_BYTES + type.length + tile.bytes.length);
  sealed.set(MAGIC_AND_VERSION, 0);
  sealed[TYPE_LENGTH] = type.length;
  sealed.write(type, HEADER_BYTES, "latin1");
  sealed.set(tile.bytes, HEADER_BYTES + type.length);
  sealed.writeUInt32LE(checksum(key, sealed), CHECKSUM);
  return sealed;
}

/** The tile that was stored under `key`, as a view of `sealed`; null when the bytes are not what was stored. */
export function unseal(key: string, sealed: Buffer): CachedTile | null {
  if (sealed.length < HEADER_BYTES) return null;
  if (MAGIC_AND_VERSION.some((byte, index) => sealed[index] !== byte)) return null;
  const start = HEADER_BYTES + sealed.readUInt8(TYPE_LENGTH);
  if (start > sealed.length || sealed.readUInt32LE(CHECKSUM) !== checksum(key, sealed)) return null;
  return { contentType: sealed.toString("latin1", HEADER_BYTES, start), bytes: sealed.subarray(start) };
}

function checksum(key: string, sealed: Buffer): number {
  return crc32(sealed.subarray(TYPE_LENGTH), crc32(key));
}
