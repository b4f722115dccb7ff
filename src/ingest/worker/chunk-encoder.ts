import { crc32 } from "node:zlib";
import { planeBytes, planeView } from "../../core/dtype.ts";
import type { Samples } from "../../source/tiff/write-downsample.ts";
import { predict } from "../../source/tiff/write-tile.ts";
import type { Target } from "../protocol.ts";
import { type Compress, compressor } from "./compress.ts";

export interface Packed {
  /** Empty: the chunk is all fill and is left out. */
  readonly bytes: Uint8Array;
  readonly checksum: number;
}

/** Cuts chunks from planes and packs them. */
export class ChunkEncoder {
  readonly #target: Target;
  readonly #chunk: Samples;
  readonly #bytes: Uint8Array;
  readonly #scratch: Uint8Array;
  readonly #nothing: Uint8Array;
  readonly #compress: Compress;

  constructor(target: Target) {
    const { chunk, type, fill, encoding } = target;
    this.#target = target;
    this.#chunk = newSamples(target, chunk * chunk);
    this.#bytes = bytesOf(this.#chunk);
    this.#scratch = new Uint8Array(this.#bytes.length);
    this.#nothing = bytesOf(newSamples(target, chunk * chunk).fill(fill));
    this.#compress = compressor(encoding);
    if (planeBytes(type) * chunk * chunk !== this.#bytes.length) throw new RangeError("A chunk has no such size.");
  }

  /** The chunk whose first sample is `origin` in rows of `stride`; width × height of it are there. */
  async pack(plane: Samples, origin: number, stride: number, width: number, height: number): Promise<Packed> {
    const { chunk: side, sparse, encoding } = this.#target;
    const chunk = this.#chunk;
    const size = chunk.BYTES_PER_ELEMENT;
    if (width < side || height < side) chunk.fill(this.#target.fill);
    for (let row = 0; row < height; row++) {
      const at = origin + row * stride;
      chunk.set(plane.subarray(at, at + width), row * side);
    }
    const checksum = checksumOf(this.#bytes, side * size, width * size, height);
    if (sparse && Buffer.compare(this.#bytes, this.#nothing) === 0) return { bytes: new Uint8Array(0), checksum };
    const bytes = encoding.predictor ? predict(chunk, side, this.#scratch) : this.#bytes;
    return { bytes: await this.#compress(bytes), checksum };
  }
}

/** CRC-32 of `rows` rows of `rowBytes` bytes that begin `stride` bytes apart. */
export function checksumOf(bytes: Uint8Array, stride: number, rowBytes: number, rows: number): number {
  if (rowBytes === stride) return crc32(bytes.subarray(0, rows * stride));
  let checksum = 0;
  for (let row = 0; row < rows; row++) {
    checksum = crc32(bytes.subarray(row * stride, row * stride + rowBytes), checksum);
  }
  return checksum;
}

export function newSamples({ type }: Pick<Target, "type">, count: number): Samples {
  return planeView(type, new ArrayBuffer(count * planeBytes(type)), 0, count);
}

function bytesOf(samples: Samples): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}
