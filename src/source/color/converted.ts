import { planeBytes, planeView } from "../../core/dtype.ts";
import type { Identity } from "../identity.ts";
import { plainChannel } from "../plain-info.ts";
import type { Maybe } from "../tiff/maybe.ts";
import { decodePieces, fetchEach, fetchPieces, type Piece, piecePlanes, pieceScratchBytes } from "../tiff/pieces.ts";
import type {
  ChannelInfo,
  ChunkBytes,
  ChunkLayout,
  ChunkRef,
  DecodeTarget,
  ImageInfo,
  ImageSource,
  StoredColors,
  StoredLevel,
} from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { SRGB_NAMES } from "./names.ts";

type PlaneArray = ReturnType<typeof planeView>;

/** Channels whose samples are the components of a color, in its order, and what is made of them. */
export interface ConvertedColors {
  /** From 0. */
  readonly channels: readonly number[];
  /** Fills planes of red, green and blue, 0 … 255, of planes of the components as they are stored. What it makes of NaN is no matter. */
  readonly convert: (components: readonly PlaneArray[], colors: readonly PlaneArray[]) => void;
}

/**
 * An image of colors that are not of sRGB: its channels as they are, behind them the sRGB that is made of some of them, a group of its own, so
 * that who reads stored numbers converts nothing. Where one of the stored samples is no data the colors are none: they are float32 then,
 * NaN for it.
 */
export class ConvertedColorSource implements ImageSource {
  readonly info: ImageInfo;
  readonly fetchAll?: NonNullable<ImageSource["fetchAll"]>;
  readonly beneath?: NonNullable<ImageSource["beneath"]>;
  readonly #inner: ImageSource;
  readonly #colors: ConvertedColors;
  /** Of each component, where it is stored. */
  readonly #places: readonly Place[];
  /** Groups that hold them. */
  readonly #stored: readonly number[];
  readonly #group: number;
  readonly #isMasked: boolean;

  constructor(inner: ImageSource, colors: ConvertedColors) {
    this.#inner = inner;
    this.#colors = colors;
    const { channels, levels } = inner.info;
    const stored = colors.channels.flatMap((index) => channels[index] ?? []);
    this.#places = stored.map(({ index, nodata }) => ({ ...inner.locate(index), nodata }));
    this.#stored = [...new Set(this.#places.map(({ group }) => group))];
    this.#group = 1 + Math.max(...channels.map(({ index }) => inner.locate(index).group));
    this.#isMasked = stored.some(({ masked, nodata }) => masked || nodata !== null);
    this.info = {
      ...inner.info,
      channels: [...channels, ...SRGB_NAMES.map((name, at) => this.#channel(name, channels.length + at))],
      levels: levels.map((level) => this.#level(level)),
    };
    const { fetchAll, beneath } = inner;
    const [only] = this.#stored;
    if (fetchAll && this.#stored.length > 1) this.fetchAll = (refs, signal) => fetchEach(this, refs, signal);
    else if (fetchAll && only !== undefined)
      this.fetchAll = (refs, signal) =>
        fetchAll.call(
          inner,
          refs.map((ref) => (this.#isOwn(ref) ? { ...ref, group: only } : ref)),
          signal,
        );
    if (beneath) this.beneath = (ref) => (this.#isOwn(ref) ? null : beneath.call(inner, ref));
  }

  get identity(): Identity {
    return this.#inner.identity;
  }

  locate(channel: number): { readonly group: number; readonly sample: number } {
    const sample = channel - this.#inner.info.channels.length;
    return sample < 0 ? this.#inner.locate(channel) : { group: this.#group, sample };
  }

  layout(ref: ChunkRef): ChunkLayout {
    if (!this.#isOwn(ref)) return this.#inner.layout(ref);
    const [piece] = this.#pieces(ref);
    if (!piece) throw new RangeError("Colors are made of channels.");
    return { ...this.#inner.layout(piece.ref), samples: SRGB_NAMES.length, type: this.#type };
  }

  fetch(ref: ChunkRef, signal?: AbortSignal): Maybe<ChunkBytes> {
    if (!this.#isOwn(ref)) return this.#inner.fetch(ref, signal);
    const pieces = this.#pieces(ref);
    const [piece] = pieces;
    return piece && pieces.length === 1 ? this.#inner.fetch(piece.ref, signal) : fetchPieces(pieces, signal);
  }

  scratchBytes(ref: ChunkRef, compressedLength: number): number {
    if (!this.#isOwn(ref)) return this.#inner.scratchBytes(ref, compressedLength);
    return pieceScratchBytes(this.#pieces(ref), compressedLength);
  }

  decode(bytes: ChunkBytes, ref: ChunkRef, target: DecodeTarget): void {
    if (!this.#isOwn(ref)) {
      this.#inner.decode(bytes, ref, target);
      return;
    }
    const planes = this.#storedPlanes(bytes, this.#pieces(ref), target);
    const { width, height, type } = this.layout(ref);
    const buffer = target.pixels.memory.buffer as ArrayBuffer;
    const plane = (at: number) =>
      planeView(type, buffer, target.ptr + at * width * height * planeBytes(type), width * height);
    const out = SRGB_NAMES.map((_, at) => plane(at));
    this.#convert(planes, out);
    if (this.#isMasked) this.#leaveOut(planes, out);
  }

  async colors(): Promise<StoredColors | null> {
    return (await this.#inner.colors?.()) ?? null;
  }

  close(): void | Promise<void> {
    return this.#inner.close();
  }

  get #type(): "uint8" | "float32" {
    return this.#isMasked ? "float32" : "uint8";
  }

  #isOwn({ group }: ChunkRef): boolean {
    return group === this.#group;
  }

  #channel(name: string, index: number): ChannelInfo {
    return plainChannel({ index, name, dataType: "uint8", masked: this.#isMasked, derived: true });
  }

  /** A chunk of colors has three planes, and is made of as many chunks as there are groups. */
  #level(level: StoredLevel): StoredLevel {
    const { chunkWidth, chunkHeight, chunkReads = 1, chunkBytes = 0 } = level;
    const own = SRGB_NAMES.length * chunkWidth * chunkHeight * planeBytes(this.#type);
    const reads = chunkReads * this.#stored.length;
    return { ...level, ...(reads > 1 ? { chunkReads: reads } : {}), chunkBytes: Math.max(own, chunkBytes) };
  }

  #pieces(ref: ChunkRef): readonly Piece[] {
    return this.#stored.map((group) => ({ source: this.#inner, ref: { ...ref, group } }));
  }

  /** The components' planes, as they are stored. */
  #storedPlanes(bytes: ChunkBytes, pieces: readonly Piece[], target: DecodeTarget): readonly PlaneArray[] {
    const planes: PlaneArray[] = [];
    const take = ({ ref }: Piece, isLast: boolean) => {
      const { width, height, type } = this.#inner.layout(ref);
      const count = width * height;
      this.#places.forEach(({ group, sample }, at) => {
        if (group !== ref.group) return;
        const address = target.scratch + sample * count * planeBytes(type);
        const view = planeView(type, target.pixels.memory.buffer as ArrayBuffer, address, count);
        // A copy: the next piece is decoded over it.
        planes[at] = isLast ? view : view.slice();
      });
    };
    const [piece] = pieces;
    if (piece && pieces.length === 1) {
      const scratch = target.scratch + piecePlanes(pieces);
      this.#inner.decode(bytes, piece.ref, { ...target, ptr: target.scratch, scratch });
      take(piece, true);
    } else decodePieces(pieces, bytes, target, (one, index) => take(one, index === pieces.length - 1));
    return planes;
  }

  #convert(planes: readonly PlaneArray[], out: readonly PlaneArray[]): void {
    try {
      this.#colors.convert(planes, out);
    } catch (error) {
      throw unreadable("its color profile cannot be applied to its samples", error);
    }
  }

  #leaveOut(planes: readonly PlaneArray[], out: readonly PlaneArray[]): void {
    for (const [at, values] of planes.entries()) {
      const nodata = this.#places[at]?.nodata ?? null;
      for (let pixel = 0; pixel < values.length; pixel++) {
        const value = values[pixel] ?? Number.NaN;
        if (value === nodata || Number.isNaN(value)) for (const color of out) color[pixel] = Number.NaN;
      }
    }
  }
}

interface Place {
  readonly group: number;
  readonly sample: number;
  readonly nodata: number | null;
}
