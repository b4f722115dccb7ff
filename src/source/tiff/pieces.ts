import { planeBytes } from "../../core/dtype.ts";
import { SLACK_BYTES } from "../../kernel/index.ts";
import type { ChunkBytes, ChunkLayout, ChunkRef, DecodeTarget, ImageSource } from "../types.ts";
import { andThen, type Maybe } from "./maybe.ts";

/** A chunk of another source that a chunk is made of. */
export interface Piece {
  readonly source: ImageSource;
  readonly ref: ChunkRef;
}

const LENGTH_BYTES = 4;
/** In the place of a length: the file leaves the piece out. */
const LEFT_OUT = 0xffffffff;
const ALIGNMENT = 16;

/** All pieces as one array: their lengths (u32, little-endian), then their bytes. */
export function fetchPieces(pieces: readonly Piece[], signal: AbortSignal | undefined): Maybe<Uint8Array> {
  const fetched = pieces.map(({ source, ref }) =>
    // A copy: the next may be read into the same memory.
    andThen(source.fetch(ref, signal), (bytes) => bytes && new Uint8Array(bytes)),
  );
  return fetched.some((one) => one instanceof Promise)
    ? Promise.all(fetched).then(pack)
    : pack(fetched as readonly ChunkBytes[]);
}

function pack(parts: readonly ChunkBytes[]): Uint8Array {
  const header = new Uint32Array(parts.map((part) => part?.length ?? LEFT_OUT));
  return Buffer.concat([new Uint8Array(header.buffer), ...parts.filter((part) => part !== null)]);
}

/** Decodes one piece after the other, each over the one before, to `target.scratch`, and calls `use` when it lies there. */
export function decodePieces(
  pieces: readonly Piece[],
  bytes: ChunkBytes,
  target: DecodeTarget,
  use: (piece: Piece, index: number) => void,
): void {
  const parts = bytes ? unpackPieces(bytes, pieces.length) : [];
  const scratch = target.scratch + piecePlanes(pieces);
  pieces.forEach((piece, index) => {
    piece.source.decode(parts[index] ?? null, piece.ref, { ...target, ptr: target.scratch, scratch });
    use(piece, index);
  });
}

/** Bytes of scratch that `decodePieces` needs. */
export function pieceScratchBytes(pieces: readonly Piece[], compressedLength: number): number {
  const largest = Math.max(0, ...pieces.map(({ source, ref }) => source.scratchBytes(ref, compressedLength)));
  return piecePlanes(pieces) + largest;
}

/** The pieces again. */
function unpackPieces(packed: Uint8Array, count: number): readonly ChunkBytes[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  let at = count * LENGTH_BYTES;
  return Array.from({ length: count }, (_, index) => {
    const length = view.getUint32(index * LENGTH_BYTES, true);
    if (length === LEFT_OUT) return null;
    at += length;
    return packed.subarray(at - length, at);
  });
}

/** Bytes for the decoded planes of the largest of the pieces. */
export function piecePlanes(pieces: readonly Piece[]): number {
  return room(Math.max(0, ...pieces.map(({ source, ref }) => layoutBytes(source.layout(ref)))));
}

function layoutBytes({ width, height, samples, type }: ChunkLayout): number {
  return width * height * samples * planeBytes(type);
}

function room(bytes: number): number {
  return Math.ceil((bytes + SLACK_BYTES) / ALIGNMENT) * ALIGNMENT;
}

/** Parallel fetches, which travel together; an error stands in the place of its chunk. */
export async function fetchEach(
  source: Pick<ImageSource, "fetch">,
  refs: readonly ChunkRef[],
  signal: AbortSignal | undefined,
): Promise<readonly (ChunkBytes | Error)[]> {
  return await Promise.all(
    refs.map(async (ref) => {
      try {
        return await source.fetch(ref, signal);
      } catch (error) {
        return error instanceof Error ? error : new Error("A chunk could not be read.", { cause: error });
      }
    }),
  );
}

export interface Rect {
  readonly left: number;
  readonly top: number;
  /** Outside. */
  readonly right: number;
  readonly bottom: number;
}

interface Grid {
  readonly chunkWidth: number;
  readonly chunkHeight: number;
}

/** Chunks of a grid under one chunk of another at most, both from the same corner. */
export function mostTouched(own: Grid, over: Grid): number {
  const along = (side: number, other: number) =>
    Math.ceil(side / other) + (side % other === 0 || other % side === 0 ? 0 : 1);
  return along(own.chunkWidth, over.chunkWidth) * along(own.chunkHeight, over.chunkHeight);
}

/** Places in a chunk grid that a rectangle of pixels touches, row by row. */
export function touchedChunks({ left, top, right, bottom }: Rect, { chunkWidth, chunkHeight }: Grid) {
  const places: { readonly x: number; readonly y: number }[] = [];
  for (let y = Math.floor(top / chunkHeight); y * chunkHeight < bottom; y++) {
    for (let x = Math.floor(left / chunkWidth); x * chunkWidth < right; x++) places.push({ x, y });
  }
  return places;
}
