import type { DataType } from "../../../core/dtype.ts";
import type { PixelOps } from "../../../kernel/pixel-ops.types.ts";

/** Where a codec writes: `capacity` bytes at `ptr`; `scratch` has as many bytes as `scratchBytes` said. */
export interface CodecTarget {
  readonly pixels: PixelOps;
  readonly ptr: number;
  readonly capacity: number;
  readonly scratch: number;
}

/** What a codec may need to know of the block besides its bytes. */
export interface CodecBlock {
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  readonly photometric: number;
  readonly jpegTables: Uint8Array | null;
  readonly dataType: DataType;
  /** Byte order of the file. */
  readonly littleEndian: boolean;
  /** What stands for no data in samples that have no NaN. */
  readonly nodata: number;
  /** Compression of LERC's own stream (tag 50674 of libtiff): 0 none, 1 deflate, 2 Zstd. */
  readonly lercCompression: number;
  /** Of LERC: the last sample is an alpha of bytes, which a tile may have as its mask (libtiff writes it so where it is 0 or 255). */
  readonly alphaInMask?: boolean;
}

/** One compression of TIFF: bytes in, bytes out, synchronous. */
export interface Codec {
  /** Bytes of scratch memory that `decode` needs for so many compressed bytes. */
  scratchBytes(compressedLength: number): number;
  /**
   * Writes at most `capacity` bytes and gives their number. SOURCE_UNREADABLE for a damaged stream, or one that is longer:
   * that is found out before the rest is decompressed.
   */
  decode(bytes: Uint8Array, target: CodecTarget, block: CodecBlock): number;
  /**
   * Waits for what exists only asynchronously; afterwards `decode` takes the bytes that this gives. Null: nothing to wait for. `bytes`
   * are good until it returns.
   */
  readonly prepare?: (bytes: Uint8Array, block: CodecBlock) => Promise<Uint8Array> | null;
}

/** Copy from JavaScript's memory to WebAssembly's. */
export function put({ pixels, ptr }: CodecTarget, bytes: Uint8Array): number {
  new Uint8Array(pixels.memory.buffer, ptr, bytes.length).set(bytes);
  return bytes.length;
}
