import { planeView } from "../../core/dtype.ts";
import type { Identity } from "../identity.ts";
import type {
  ChunkBytes,
  ChunkLayout,
  ChunkRef,
  DecodeTarget,
  Georeference,
  ImageInfo,
  ImageSource,
  SourceChunk,
  StoredColors,
  StoredLevel,
} from "../types.ts";
import type { Maybe } from "./maybe.ts";
import {
  decodePieces,
  fetchEach,
  fetchPieces,
  type Piece,
  pieceScratchBytes,
  type Rect,
  touchedChunks,
} from "./pieces.ts";

/** How stored rows and columns are shown: first transposed, then flipped. */
export interface Turn {
  readonly transposed: boolean;
  readonly flipX: boolean;
  readonly flipY: boolean;
}

/** By value of the Orientation tag (TIFF 6.0 section 8): 2 mirrored, 3 upside down, 6 to be turned right, 8 left … */
const TURNS: ReadonlyMap<number, Turn> = new Map([
  [2, { transposed: false, flipX: true, flipY: false }],
  [3, { transposed: false, flipX: true, flipY: true }],
  [4, { transposed: false, flipX: false, flipY: true }],
  [5, { transposed: true, flipX: false, flipY: false }],
  [6, { transposed: true, flipX: true, flipY: false }],
  [7, { transposed: true, flipX: true, flipY: true }],
  [8, { transposed: true, flipX: false, flipY: true }],
]);

/** Null: shown as stored, as for 1 and for values that the tag cannot have. */
export function turnOf(orientation: number): Turn | null {
  return TURNS.get(orientation) ?? null;
}

/**
 * An image as its Orientation shows it. Its chunk grid begins at the top left corner as every grid does, so that a chunk may be made of
 * up to four stored ones, where stored chunks are cut at an edge that is now the left or the upper one.
 */
export class TurnedSource implements ImageSource {
  readonly info: ImageInfo;
  readonly fetchAll?: NonNullable<ImageSource["fetchAll"]>;
  readonly #inner: ImageSource;
  readonly #turn: Turn;
  /** Of what lies beneath the inner source: one for all of its chunks, or one for each level. */
  readonly #below = new Map<ImageSource, TurnedSource>();

  constructor(inner: ImageSource, turn: Turn) {
    this.#inner = inner;
    this.#turn = turn;
    const { info } = inner;
    const { pixelSize, georeference } = info;
    this.info = {
      ...info,
      ...turnedSize(info, turn),
      levels: info.levels.map((level) => turnedLevel(level, turn)),
      pixelSize: pixelSize && turn.transposed ? { ...pixelSize, x: pixelSize.y, y: pixelSize.x } : pixelSize,
      georeference: georeference && { ...georeference, affine: turnedAffine(georeference.affine, info, turn) },
    };
    if (inner.fetchAll) this.fetchAll = (refs, signal) => fetchEach(this, refs, signal);
  }

  get identity(): Identity {
    return this.#inner.identity;
  }

  locate(channel: number): { readonly group: number; readonly sample: number } {
    return this.#inner.locate(channel);
  }

  layout(ref: ChunkRef): ChunkLayout {
    const { left, top, right, bottom } = this.#rect(ref);
    const { samples, type } = this.#inner.layout({ ...ref, x: 0, y: 0 });
    return { width: right - left, height: bottom - top, samples, type };
  }

  fetch(ref: ChunkRef, signal?: AbortSignal): Maybe<ChunkBytes> {
    return fetchPieces(this.#pieces(ref), signal);
  }

  scratchBytes(ref: ChunkRef, compressedLength: number): number {
    return pieceScratchBytes(this.#pieces(ref), compressedLength);
  }

  decode(bytes: ChunkBytes, ref: ChunkRef, target: DecodeTarget): void {
    decodePieces(this.#pieces(ref), bytes, target, (piece) => this.#copy(ref, piece, target));
  }

  /** The same turn of what lies beneath the stored chunks. */
  beneath(ref: ChunkRef): SourceChunk | null {
    const [piece] = this.#pieces(ref);
    const below = piece && this.#inner.beneath?.(piece.ref);
    if (!below) return null;
    const source = this.#below.get(below.source) ?? new TurnedSource(below.source, this.#turn);
    this.#below.set(below.source, source);
    const { level, group } = below.ref;
    return { source, ref: { ...ref, level, group } };
  }

  async colors(): Promise<StoredColors | null> {
    return (await this.#inner.colors?.()) ?? null;
  }

  close(): void | Promise<void> {
    return this.#inner.close();
  }

  /** What one decoded chunk has of ours, sample by sample. */
  #copy(ref: ChunkRef, { ref: stored }: Piece, { pixels, ptr, scratch }: DecodeTarget): void {
    const { width, height, samples, type } = this.layout(ref);
    const chunk = this.#inner.layout(stored);
    const level = storedLevel(this.#inner.info, stored.level);
    const target = this.#rect(ref);
    const [left, top] = [stored.x * level.chunkWidth, stored.y * level.chunkHeight];
    const shared = intersection(
      this.#turnedRect({ left, top, right: left + chunk.width, bottom: top + chunk.height }, ref.level),
      target,
    );
    const buffer = pixels.memory.buffer as ArrayBuffer;
    const from = planeView(type, buffer, scratch, samples * chunk.width * chunk.height);
    const to = planeView(type, buffer, ptr, samples * width * height);
    const { flipX, flipY, transposed } = this.#turn;
    const full = storedLevel(this.info, ref.level);
    for (let y = shared.top; y < shared.bottom; y++) {
      const v = flipY ? full.height - 1 - y : y;
      for (let x = shared.left; x < shared.right; x++) {
        const u = flipX ? full.width - 1 - x : x;
        const [column, row] = transposed ? [v, u] : [u, v];
        const source = (row - top) * chunk.width + column - left;
        const place = (y - target.top) * width + x - target.left;
        for (let sample = 0; sample < samples; sample++)
          to[sample * width * height + place] = from[sample * chunk.width * chunk.height + source] ?? 0;
      }
    }
  }

  #pieces(ref: ChunkRef): readonly Piece[] {
    const places = touchedChunks(
      this.#storedRect(this.#rect(ref), ref.level),
      storedLevel(this.#inner.info, ref.level),
    );
    return places.map(({ x, y }) => ({ source: this.#inner, ref: { ...ref, x, y } }));
  }

  /** Pixels that a chunk of ours covers. */
  #rect({ level, x, y }: ChunkRef): Rect {
    const { width, height, chunkWidth, chunkHeight } = storedLevel(this.info, level);
    const [left, top] = [x * chunkWidth, y * chunkHeight];
    return { left, top, right: Math.min(width, left + chunkWidth), bottom: Math.min(height, top + chunkHeight) };
  }

  /** Of pixels as they are shown, where they are stored. */
  #storedRect(rect: Rect, level: number): Rect {
    const unflipped = flipped(rect, storedLevel(this.info, level), this.#turn);
    return this.#turn.transposed ? transposedRect(unflipped) : unflipped;
  }

  #turnedRect(rect: Rect, level: number): Rect {
    const turned = this.#turn.transposed ? transposedRect(rect) : rect;
    return flipped(turned, storedLevel(this.info, level), this.#turn);
  }
}

function storedLevel({ levels }: ImageInfo, index: number): StoredLevel {
  const level = levels[index];
  if (!level) throw new RangeError(`There is no stored level ${index}.`);
  return level;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function turnedSize({ width, height }: Size, { transposed }: Turn): Size {
  return transposed ? { width: height, height: width } : { width, height };
}

function turnedLevel(level: StoredLevel, turn: Turn): StoredLevel {
  const { chunkWidth, chunkHeight } = level;
  const chunks = turn.transposed ? { chunkWidth: chunkHeight, chunkHeight: chunkWidth } : {};
  return { ...level, ...turnedSize(level, turn), ...chunks };
}

function transposedRect({ left, top, right, bottom }: Rect): Rect {
  return { left: top, top: left, right: bottom, bottom: right };
}

/** Both flips are their own inverse. */
function flipped({ left, top, right, bottom }: Rect, { width, height }: Size, { flipX, flipY }: Turn): Rect {
  return {
    left: flipX ? width - right : left,
    right: flipX ? width - left : right,
    top: flipY ? height - bottom : top,
    bottom: flipY ? height - top : bottom,
  };
}

function intersection(a: Rect, b: Rect): Rect {
  return {
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  };
}

/** From columns and rows as they are shown: stored ones are (u, v) or (v, u), where u = width − x and v = height − y if flipped. */
function turnedAffine([a, b, c, d, e, f]: Georeference["affine"], stored: Size, turn: Turn): Georeference["affine"] {
  const { width, height } = turnedSize(stored, turn);
  const [p, q, s, t] = turn.transposed ? [b, a, e, d] : [a, b, d, e];
  const [sx, ox] = turn.flipX ? [-1, width] : [1, 0];
  const [sy, oy] = turn.flipY ? [-1, height] : [1, 0];
  return [p * sx, q * sy, p * ox + q * oy + c, s * sx, t * sy, s * ox + t * oy + f];
}
