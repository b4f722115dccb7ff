import { createHmac, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import type { CachedTile, SealingKey } from "./types.ts";

/**
 * How a tile lies in a store that outlives the process:
 *
 *     0  2  magic "BL"
 *     2  1  layout: 2 with a checksum, 3 with a signature
 *     3  n  of the key and of the tile: CRC-32, little-endian (n = 4), or the first 16 bytes of HMAC-SHA256 (n = 16)
 *   3+n  …  the encoded tile
 *
 * The proof covers the key: an entry that lies under another key than its own is as damaged as one with a flipped bit. What kind of picture
 * it is does not lie there: whoever asks for a tile knows, and would not believe a store.
 */
export interface Envelope {
  /** The tile as it is stored under `key`, in memory of its own. */
  seal(key: string, tile: CachedTile): Buffer;
  /** The tile that was stored under `key`, as a view of `sealed`; null when the bytes are not what was stored. */
  unseal(key: string, sealed: Buffer): CachedTile | null;
}

/** What tells that an entry is what was stored. */
interface Proof {
  readonly layout: number;
  readonly bytes: number;
  /** Writes it for the tile that lies behind its place. */
  write(key: string, sealed: Buffer): void;
  holds(key: string, sealed: Buffer): boolean;
}

const MAGIC = [0x42, 0x4c] as const;
const LAYOUT = 2;
const PROOF = 3;
const CHECKED_LAYOUT = 2;
const SIGNED_LAYOUT = 3;
const CHECKSUM_BYTES = 4;
/** 128 bits, which is more than anybody can try; the whole would be two thousandths of a small tile. */
const SIGNATURE_BYTES = 16;
/** No address begins like this: a signature of an entry is none of a link, nor the other way round. */
const PURPOSE = "bandloom cache";

/** Bytes that `seal` adds to a tile, at most. */
export const ENVELOPE_BYTES = PROOF + SIGNATURE_BYTES;

/** Against damage, for a store that nobody else can write. */
export const CHECKED: Envelope = envelopeWith({
  layout: CHECKED_LAYOUT,
  bytes: CHECKSUM_BYTES,
  write: (key, sealed) => sealed.writeUInt32LE(checksum(key, sealed), PROOF),
  holds: (key, sealed) => sealed.readUInt32LE(PROOF) === checksum(key, sealed),
});

/** For a store that others may be able to write: against them too, where there are keys. Throws a plain Error for an empty list. */
export function envelopeOf(keys: readonly SealingKey[] | undefined): Envelope {
  if (!keys) return CHECKED;
  const secrets = keys.map(({ secret }) => createHmac("sha256", secret).update(PURPOSE).digest());
  const [first] = secrets;
  if (!first) throw new Error("Tiles are signed with one key at least.");
  return envelopeWith({
    layout: SIGNED_LAYOUT,
    bytes: SIGNATURE_BYTES,
    write: (key, sealed) => signature(first, key, sealed).copy(sealed, PROOF),
    holds: (key, sealed) => {
      const given = sealed.subarray(PROOF, PROOF + SIGNATURE_BYTES);
      return secrets.some((secret) => timingSafeEqual(signature(secret, key, sealed), given));
    },
  });
}

/** Whether an entry says that it is signed: without keys nobody knows by whom. */
export function isSigned(sealed: Buffer): boolean {
  return isOf(SIGNED_LAYOUT, sealed);
}

function envelopeWith({ layout, bytes, write, holds }: Proof): Envelope {
  const start = PROOF + bytes;
  return {
    seal(key, tile) {
      const sealed = Buffer.allocUnsafeSlow(start + tile.bytes.length);
      sealed.set(MAGIC, 0);
      sealed[LAYOUT] = layout;
      sealed.set(tile.bytes, start);
      write(key, sealed);
      return sealed;
    },
    unseal(key, sealed) {
      if (sealed.length < start || !isOf(layout, sealed) || !holds(key, sealed)) return null;
      return { bytes: sealed.subarray(start) };
    },
  };
}

function isOf(layout: number, sealed: Buffer): boolean {
  return sealed[0] === MAGIC[0] && sealed[1] === MAGIC[1] && sealed[LAYOUT] === layout;
}

function checksum(key: string, sealed: Buffer): number {
  return crc32(sealed.subarray(PROOF + CHECKSUM_BYTES), crc32(key));
}

/** Keys are all of one length: key and tile need nothing between them. */
function signature(secret: Buffer, key: string, sealed: Buffer): Buffer {
  const tile = sealed.subarray(PROOF + SIGNATURE_BYTES);
  return createHmac("sha256", secret).update(key).update(tile).digest().subarray(0, SIGNATURE_BYTES);
}
