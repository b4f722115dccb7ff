import { LRUCache } from "lru-cache";
import { grayAlphaOf } from "../gray-alpha.ts";
import type { Identity } from "../identity.ts";
import { loadSharp } from "../sharp.ts";
import { PHOTOMETRIC } from "../tiff/tags.ts";
import type {
  ChunkBytes,
  ChunkLayout,
  ChunkRef,
  DecodeTarget,
  ImageInfo,
  ImageSource,
  Store,
  StoredColors,
} from "../types.ts";
import { unreadable } from "../unreadable.ts";
import type { Colours, Space } from "./colours.ts";

/** Side of the chunks that a decoded picture is given in. */
export const CHUNK_SIDE = 512;
/** Decoded pictures that a thread keeps, bytes. */
const KEPT_BYTES = 128 * 2 ** 20;

/** Samples of decoded pictures, interleaved, by their sources. One that is larger than all may be is kept alone, until it is used. */
const decoded = new LRUCache<PlainSource, Promise<Buffer>>({
  maxSize: KEPT_BYTES,
  maxEntrySize: Number.MAX_SAFE_INTEGER,
  sizeCalculation: (_, source) => Math.min(source.bytes, KEPT_BYTES),
});

const PHOTOMETRICS: Readonly<Record<Space, number>> = {
  "b-w": PHOTOMETRIC.blackIsZero,
  grey16: PHOTOMETRIC.blackIsZero,
  srgb: PHOTOMETRIC.rgb,
  rgb16: PHOTOMETRIC.rgb,
  cmyk: PHOTOMETRIC.cmyk,
};

/** A picture that is decoded when it is first needed, and cut into chunks. */
export class PlainSource implements ImageSource {
  readonly info: ImageInfo;
  readonly identity: Identity;
  readonly #store: Pick<Store, "close">;
  readonly #file: Buffer;
  readonly #colours: Colours;

  constructor(info: ImageInfo, identity: Identity, store: Pick<Store, "close">, file: Buffer, colours: Colours) {
    this.info = info;
    this.identity = identity;
    this.#store = store;
    this.#file = file;
    this.#colours = colours;
  }

  /** Of all samples, decoded. */
  get bytes(): number {
    return this.info.width * this.info.height * this.#colours.names.length * this.#sampleBytes;
  }

  locate(channel: number): { readonly group: number; readonly sample: number } {
    return { group: 0, sample: channel };
  }

  layout({ x, y }: ChunkRef): ChunkLayout {
    const { width, height } = this.info;
    return {
      width: Math.min(CHUNK_SIDE, width - x * CHUNK_SIDE),
      height: Math.min(CHUNK_SIDE, height - y * CHUNK_SIDE),
      samples: this.#colours.names.length,
      type: this.#colours.dataType,
    };
  }

  async fetch(ref: ChunkRef): Promise<ChunkBytes> {
    const pixels = await this.#decoded();
    const { width, height, samples } = this.layout(ref);
    const pixel = samples * this.#sampleBytes;
    const row = width * pixel;
    const bytes = new Uint8Array(row * height);
    for (let y = 0; y < height; y++) {
      const start = ((ref.y * CHUNK_SIDE + y) * this.info.width + ref.x * CHUNK_SIDE) * pixel;
      bytes.set(pixels.subarray(start, start + row), y * row);
    }
    return bytes;
  }

  scratchBytes(_: ChunkRef, length: number): number {
    return length;
  }

  decode(bytes: ChunkBytes, ref: ChunkRef, { pixels, ptr, scratch }: DecodeTarget): void {
    if (bytes === null) throw new Error("A plain image has all of its chunks.");
    const { width, height, samples } = this.layout(ref);
    const memory = new Uint8Array(pixels.memory.buffer);
    if (samples === 1) {
      memory.set(bytes, ptr);
      return;
    }
    memory.set(bytes, scratch);
    pixels.deinterleave(scratch, ptr, width * height, samples, this.#sampleBytes, width * height * this.#sampleBytes);
  }

  async colors(): Promise<StoredColors> {
    const sharp = await loadSharp();
    const { icc } = await sharp(this.#file).metadata();
    const photometric = PHOTOMETRICS[this.#colours.space];
    return { photometric, isMultiplied: false, mask: "none", profile: icc ? new Uint8Array(icc) : null };
  }

  close(): void | Promise<void> {
    decoded.delete(this);
    return this.#store.close();
  }

  get #sampleBytes(): 1 | 2 {
    return this.#colours.dataType === "uint16" ? 2 : 1;
  }

  #decoded(): Promise<Buffer> {
    const known = decoded.get(this);
    if (known) return known;
    const decoding = this.#decode();
    decoded.set(this, decoding);
    decoding.catch(() => decoded.delete(this));
    return decoding;
  }

  async #decode(): Promise<Buffer> {
    const { space: own, names } = this.#colours;
    const isGrayAlpha = names.length === 2;
    const space = isGrayAlpha ? (this.#sampleBytes === 2 ? "rgb16" : "srgb") : own;
    const { width, height } = this.info;
    const sharp = await loadSharp();
    try {
      const { data, info } = await sharp(this.#file, { limitInputPixels: width * height, ignoreIcc: true })
        .autoOrient()
        .pipelineColourspace(space)
        .toColourspace(space)
        .raw({ depth: this.#sampleBytes === 2 ? "ushort" : "uchar" })
        .toBuffer({ resolveWithObject: true });
      const isWhole = info.width === width && info.height === height;
      if (isWhole && isGrayAlpha && info.channels === 4) return grayAlphaOf(data, this.#sampleBytes);
      if (isWhole && info.channels === names.length) return data;
    } catch (error) {
      throw unreadable("its picture is damaged", error);
    }
    throw unreadable("its picture is not what its header says");
  }
}
