import { planeBytes } from "../../core/dtype.ts";
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
} from "../types.ts";
import type { Maybe } from "./maybe.ts";
import { type Piece, piecePlanes, pieceScratchBytes } from "./pieces.ts";
import type { TiffSource } from "./source.ts";

/**
 * An image of whole numbers of which some tiles or strips were never written, and no number says so: samples are float32, NaN where
 * nothing was written.
 */
export class SparseSource implements ImageSource {
  readonly info: ImageInfo;
  readonly fetchAll?: NonNullable<ImageSource["fetchAll"]>;
  readonly #inner: TiffSource;

  constructor(inner: TiffSource) {
    this.#inner = inner;
    this.info = { ...inner.info, channels: inner.info.channels.map((channel) => ({ ...channel, masked: true })) };
    if (inner.fetchAll) this.fetchAll = inner.fetchAll.bind(inner);
  }

  get identity(): Identity {
    return this.#inner.identity;
  }

  locate(channel: number): { readonly group: number; readonly sample: number } {
    return this.#inner.locate(channel);
  }

  layout(ref: ChunkRef): ChunkLayout {
    return { ...this.#inner.layout(ref), type: "float32" };
  }

  fetch(ref: ChunkRef, signal?: AbortSignal): Maybe<ChunkBytes> {
    return this.#inner.fetch(ref, signal);
  }

  scratchBytes(ref: ChunkRef, compressedLength: number): number {
    return pieceScratchBytes(this.#pieces(ref), compressedLength);
  }

  decode(bytes: ChunkBytes, ref: ChunkRef, target: DecodeTarget): void {
    const { pixels, ptr, scratch } = target;
    const { width, height, samples, type } = this.#inner.layout(ref);
    const count = width * height;
    const planes = new Float32Array(pixels.memory.buffer as ArrayBuffer, ptr, samples * count);
    if (bytes === null) {
      planes.fill(Number.NaN);
      return;
    }
    this.#inner.decode(bytes, ref, { ...target, ptr: scratch, scratch: scratch + piecePlanes(this.#pieces(ref)) });
    for (let sample = 0; sample < samples; sample++) {
      // Its nodata value was written, or stands where nothing was.
      const nodata = this.#nodata(ref.group, sample);
      pixels.toFloat(scratch + sample * count * planeBytes(type), type, ptr + sample * count * 4, count, nodata);
      for (const { top, rows } of this.#inner.unwritten(bytes, ref))
        planes.fill(Number.NaN, sample * count + top * width, sample * count + (top + rows) * width);
    }
  }

  beneath(ref: ChunkRef): SourceChunk {
    return { source: this.#inner, ref };
  }

  async colors(): Promise<StoredColors | null> {
    const colors = await this.#inner.colors();
    return colors && { ...colors, mask: "one" };
  }

  close(): void | Promise<void> {
    return this.#inner.close();
  }

  #nodata(group: number, sample: number): number | null {
    return this.#inner.channelAt(group, sample)?.nodata ?? null;
  }

  #pieces(ref: ChunkRef): readonly Piece[] {
    return [{ source: this.#inner, ref }];
  }
}
