import type { Size } from "../../core/geometry.ts";
import type { Pixels } from "./pixels.ts";
import type { Turbo } from "./turbo.ts";

/** From this quality on colour keeps its full resolution; below, 4:2:0 halves it, as libvips and most encoders do. */
const FULL_CHROMA_QUALITY = 90;

export function chromaSubsampling(quality: number): "4:4:4" | "4:2:0" {
  return quality >= FULL_CHROMA_QUALITY ? "4:4:4" : "4:2:0";
}

/** Encodes gray8 as gray JPEG and rgb8 as colour, synchronously. Keeps one output buffer, as large as the largest picture so far. */
export class TurboEncoder {
  readonly #turbo: Turbo;
  #output = Buffer.alloc(0);

  constructor(library: Turbo) {
    this.#turbo = library;
  }

  /** Reads the pixels where they lie, also in WebAssembly memory: the call is synchronous and keeps no reference. */
  encode(pixels: Pixels, quality: number): Uint8Array {
    const { FORMAT_GRAY, FORMAT_RGB, SAMP_420, SAMP_444, SAMP_GRAY } = this.#turbo;
    const gray = pixels.output === "gray8";
    const colour = chromaSubsampling(quality) === "4:4:4" ? SAMP_444 : SAMP_420;
    const { width, height, bytes } = pixels;
    const options = {
      width,
      height,
      quality,
      format: gray ? FORMAT_GRAY : FORMAT_RGB,
      subsampling: gray ? SAMP_GRAY : colour,
    };
    const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // The result is a view of the output buffer; what is sent is a copy of its own.
    return new Uint8Array(this.#turbo.compressSync(source, this.#room(options), options));
  }

  #room(options: Size & { readonly subsampling: number }): Buffer {
    const bytes = this.#turbo.bufferSize(options);
    if (this.#output.length < bytes) this.#output = Buffer.alloc(bytes);
    return this.#output;
  }
}
