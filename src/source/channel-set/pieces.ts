import type { ChunkBytes } from "../types.ts";

/** Length of a piece that its file leaves out. */
const MISSING = 0xffffffff;
const LENGTH_BYTES = 4;

/** The chunks of members that make one chunk, as one block of bytes: their lengths, then what they hold. */
export function packPieces(pieces: readonly ChunkBytes[]): Uint8Array {
  const header = pieces.length * LENGTH_BYTES;
  const packed = new Uint8Array(pieces.reduce((sum, piece) => sum + (piece?.length ?? 0), header));
  const lengths = new DataView(packed.buffer);
  let at = header;
  for (const [index, piece] of pieces.entries()) {
    lengths.setUint32(index * LENGTH_BYTES, piece?.length ?? MISSING, true);
    if (!piece) continue;
    packed.set(piece, at);
    at += piece.length;
  }
  return packed;
}

export function unpackPieces(packed: Uint8Array, count: number): readonly ChunkBytes[] {
  const lengths = new DataView(packed.buffer, packed.byteOffset, count * LENGTH_BYTES);
  let at = count * LENGTH_BYTES;
  return Array.from({ length: count }, (_, index) => {
    const length = lengths.getUint32(index * LENGTH_BYTES, true);
    if (length === MISSING) return null;
    at += length;
    return packed.subarray(at - length, at);
  });
}
