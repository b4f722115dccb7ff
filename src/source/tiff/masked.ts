import { planeBytes, planeView } from "../../core/dtype.ts";
import type { Identity } from "../identity.ts";
import type {
  ChunkBytes,
  ChunkLayout,
  ChunkRef,
  DecodeTarget,
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
  mostTouched,
  type Piece,
  pieceScratchBytes,
  type Rect,
  touchedChunks,
} from "./pieces.ts";

const NO_DATA = 0x7fc00000;

/** A plane of a mask. */
export interface MaskPlane {
  /** Group and sample of the mask. */
  readonly group: number;
  readonly sample: number;
  /** Plane of the image's own chunk that it lies over; null: all of them. */
  readonly over: number | null;
}

/** A source's mask: an image of a plane for each of its groups, or for each of their samples. */
export interface Mask {
  readonly source: ImageSource;
  /** Planes of the mask by the group of the image; none: all of it is data. */
  readonly planesOf: (group: number) => readonly MaskPlane[];
}

interface MaskPiece extends Piece {
  /** Null: the chunk of the image itself. */
  readonly plane: MaskPlane | null;
}

/** Chunks of the mask that lie over one of the image are read with it. */
function withMask(level: StoredLevel, mask: StoredLevel, planes: number): StoredLevel {
  const reads = planes * mostTouched(level, mask) * (mask.chunkReads ?? 1);
  return { ...level, chunkReads: (level.chunkReads ?? 1) + reads };
}

/**
 * An image whose mask is applied: samples are float32, NaN where the mask is 0 and where they are the channel's nodata value. The mask
 * has the levels of the image, but may be tiled differently. Levels of the image without a mask are left out.
 */
export class MaskedSource implements ImageSource {
  readonly info: ImageInfo;
  readonly fetchAll?: NonNullable<ImageSource["fetchAll"]>;
  readonly #inner: ImageSource;
  readonly #mask: Mask;
  /** Of the image and of the mask, by our own. */
  readonly #levels: readonly (readonly [image: number, mask: number])[];

  constructor(inner: ImageSource, mask: Mask) {
    this.#inner = inner;
    this.#mask = mask;
    const { levels, channels, advice } = inner.info;
    this.#levels = levels.flatMap(({ width, height }, level) => {
      const own = mask.source.info.levels.findIndex((one) => one.width === width && one.height === height);
      return own < 0 ? [] : [[level, own] as const];
    });
    const groups = new Set(channels.map(({ index }) => inner.locate(index).group));
    const most = Math.max(1, ...[...groups].map((group) => mask.planesOf(group).length));
    this.info = {
      ...inner.info,
      channels: channels.map((channel) => ({ ...channel, masked: true })),
      levels: this.#levels.flatMap(([level, own]) => {
        const [stored, over] = [levels[level], mask.source.info.levels[own]];
        return stored && over ? [withMask(stored, over, most)] : [];
      }),
      advice:
        this.#levels.length === levels.length
          ? advice
          : [...advice, "Some levels of its pyramid have no mask: they are not used, which is slow."],
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
    return { ...this.#inner.layout(this.#innerRef(ref)), type: "float32" };
  }

  fetch(ref: ChunkRef, signal?: AbortSignal): Maybe<ChunkBytes> {
    return fetchPieces(this.#pieces(ref), signal);
  }

  scratchBytes(ref: ChunkRef, compressedLength: number): number {
    return pieceScratchBytes(this.#pieces(ref), compressedLength);
  }

  decode(bytes: ChunkBytes, ref: ChunkRef, target: DecodeTarget): void {
    const pieces = this.#pieces(ref);
    decodePieces(pieces, bytes, target, (piece, index) => {
      const plane = pieces[index]?.plane ?? null;
      if (plane === null) this.#toFloat(ref, piece, target);
      else this.#apply(ref, piece, plane, target);
    });
  }

  beneath(ref: ChunkRef): SourceChunk {
    return { source: this.#inner, ref: this.#innerRef(ref) };
  }

  async colors(): Promise<StoredColors | null> {
    const colors = (await this.#inner.colors?.()) ?? null;
    const groups = this.info.channels.map(({ index }) => this.locate(index).group);
    const isApart = groups.some((group) => this.#mask.planesOf(group).some(({ over }) => over !== null));
    return colors && { ...colors, mask: isApart || colors.mask === "apart" ? "apart" : "one" };
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }

  #toFloat(ref: ChunkRef, piece: Piece, { pixels, ptr, scratch }: DecodeTarget): void {
    const { width, height, samples, type } = piece.source.layout(piece.ref);
    const count = width * height;
    for (let sample = 0; sample < samples; sample++) {
      const nodata = this.#nodata(ref.group, sample);
      pixels.toFloat(scratch + sample * count * planeBytes(type), type, ptr + sample * count * 4, count, nodata);
    }
  }

  #nodata(group: number, sample: number): number | null {
    const channel = this.info.channels.find(({ index }) => {
      const place = this.#inner.locate(index);
      return place.group === group && place.sample === sample;
    });
    return channel?.nodata ?? null;
  }

  /** NaN where one decoded chunk of the mask is 0. */
  #apply(ref: ChunkRef, piece: Piece, { sample: own, over }: MaskPlane, { pixels, ptr, scratch }: DecodeTarget): void {
    const { width, height, samples } = this.layout(ref);
    const image = this.#rect(ref);
    const level = piece.source.info.levels[piece.ref.level];
    const mask = piece.source.layout(piece.ref);
    if (!level) throw new RangeError("The mask has no such level.");
    const [left, top] = [piece.ref.x * level.chunkWidth, piece.ref.y * level.chunkHeight];
    const buffer = pixels.memory.buffer as ArrayBuffer;
    const count = mask.width * mask.height;
    const valid = planeView(mask.type, buffer, scratch + own * count * planeBytes(mask.type), count);
    const out = new Uint32Array(buffer, ptr, width * height * samples);
    const [first, end] = over === null ? [0, samples] : [over, over + 1];
    const right = Math.min(image.right, left + mask.width);
    const bottom = Math.min(image.bottom, top + mask.height);
    for (let y = Math.max(image.top, top); y < bottom; y++) {
      const [from, to] = [(y - top) * mask.width - left, (y - image.top) * width - image.left];
      for (let x = Math.max(image.left, left); x < right; x++) {
        if (valid[from + x] !== 0) continue;
        for (let sample = first; sample < end; sample++) out[sample * width * height + to + x] = NO_DATA;
      }
    }
  }

  /** The image's chunk, and the chunks of the mask that lie over it. */
  #pieces(ref: ChunkRef): readonly MaskPiece[] {
    const { source, planesOf } = this.#mask;
    const own = { source: this.#inner, ref: this.#innerRef(ref), plane: null };
    const level = this.#levels[ref.level]?.[1] ?? -1;
    const stored = source.info.levels[level];
    const planes = planesOf(ref.group);
    if (planes.length === 0 || !stored) return [own];
    const touched = touchedChunks(this.#rect(ref), stored);
    const over = planes.flatMap((plane) =>
      touched.map(({ x, y }) => ({ source, ref: { level, group: plane.group, z: 0, t: 0, x, y }, plane })),
    );
    return [own, ...over];
  }

  #innerRef(ref: ChunkRef): ChunkRef {
    const [level] = this.#levels[ref.level] ?? [];
    if (level === undefined) throw new RangeError(`There is no stored level ${ref.level}.`);
    return { ...ref, level };
  }

  #rect(ref: ChunkRef): Rect {
    const { width, height } = this.layout(ref);
    const level = this.info.levels[ref.level];
    if (!level) throw new RangeError(`There is no stored level ${ref.level}.`);
    const [left, top] = [ref.x * level.chunkWidth, ref.y * level.chunkHeight];
    return { left, top, right: left + width, bottom: top + height };
  }
}
