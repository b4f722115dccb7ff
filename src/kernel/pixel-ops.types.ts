import type { PlaneType } from "../core/dtype.ts";

/**
 * Loops over samples that are too hot for JavaScript: predictors, byte order, (de)interleaving, copies, pyramids.
 * All functions work on byte addresses in one WebAssembly memory; sizes are in samples unless they say bytes.
 * Nothing is checked inside: callers bound every argument first. Reads and writes may pass the end of a range by up
 * to SLACK_BYTES, which every allocation leaves free.
 */
export interface PixelOps {
  readonly memory: WebAssembly.Memory;

  /** Undo horizontal differencing (TIFF 6.0 section 14) in place: rows of `width` pixels of `samples` interleaved samples of `bytes` (1, 2, 4, 8) bytes. */
  unpredict(ptr: number, width: number, height: number, samples: number, bytes: number): void;
  /** Undo the floating point predictor (TIFF Technical Note 3): rows are byte planes, most significant first, differenced. `from` is overwritten; `from` and `to` do not overlap; the result is little-endian. `bytes` is 2, 4 or 8. */
  unpredictFloat(from: number, to: number, width: number, height: number, samples: number, bytes: number): void;
  /** Reverse the bytes of `count` samples of `bytes` (2, 4, 8) in place. */
  swap(ptr: number, count: number, bytes: number): void;
  /** Pixel-interleaved to planar: plane s begins at to + s · planeStride (bytes). `from` and `to` do not overlap. */
  deinterleave(from: number, to: number, pixels: number, samples: number, bytes: number, planeStride: number): void;
  /** Copy a rectangle of rowBytes × rows; strides in bytes. */
  copyRect(from: number, fromStride: number, to: number, toStride: number, rowBytes: number, rows: number): void;
  /** float16 to float32, exactly. */
  halfToFloat(from: number, to: number, count: number): void;
  /** Bits, most significant first, rows padded to bytes, to one byte (0 or 1) a sample. */
  unpackBits(from: number, to: number, width: number, height: number): void;
  /** Set `bytes` bytes to a repeated sample of `sampleBytes` bytes that stands at address `pattern` (little-endian). */
  fill(ptr: number, bytes: number, pattern: number, sampleBytes: number): void;
  /**
   * Deflate (RFC 1951) from [from, from + length) to `to`, at most `capacity` bytes; `work` points to INFLATE_WORK_BYTES of scratch. Returns the
   * bytes written, INFLATE_DAMAGED or INFLATE_TOO_LONG; the address behind the stream stands at `work` then (i32).
   */
  inflate(from: number, length: number, to: number, capacity: number, work: number): number;
  /** Adler-32 (RFC 1950) of `length` bytes, as a signed 32-bit number. */
  adler32(ptr: number, length: number): number;
  /**
   * LZW as TIFF 6.0 section 13 has it (most significant bit first, early change) from [from, from + length) to `to`, at most
   * `capacity` bytes; `work` points to LZW_WORK_BYTES of scratch. Returns the bytes written, or −1 when the stream is damaged.
   */
  lzw(from: number, length: number, to: number, capacity: number, work: number): number;
  /** PackBits; returns the bytes written (at most `capacity`), or −1 when the stream is damaged. */
  packBits(from: number, length: number, to: number, capacity: number): number;
  /**
   * One level of the pyramid: each float32 result is the mean of the up to 2×2 valid (not NaN) samples, added in row order in
   * float32 and divided by their number; NaN when there is none. `from` is width × height float32, `to` ceil(width/2) × ceil(height/2).
   */
  halve(from: number, width: number, height: number, to: number): void;
  /**
   * Sums over a row of `width` pixels: of `count` taps of TAP_BYTES at `taps` (i32 byte offset to the neighbour, four bytes of nothing, f64
   * weight), added in float64 in their order, divided by the float64 at `divisor`, rounded to float32 once. Not 0 where a neighbour was not
   * finite: the row is then to be calculated otherwise.
   */
  weigh(from: number, to: number, width: number, taps: number, count: number, divisor: number): number;
  /**
   * Medians over a row of `width` pixels, of `count` taps as `weigh` takes them, an odd number; their weights do not count. What it gives
   * is as in `weigh`. The code for a number of taps is made when it is first asked for.
   */
  median(from: number, to: number, width: number, taps: number, count: number): number;
  /**
   * Counts float32 values by TALLY_BITS buckets (sign, exponent, head of the mantissa, in the order of the numbers), a u32 each at `counts`,
   * and goes on with the state at `state` (TALLY): sums of the differences from its shift and of their squares, least and greatest
   * values. NaN counts in the bucket of 0x7fc00000 alone. `count` is a multiple of 4.
   */
  tally(from: number, count: number, counts: number, state: number): void;
  /** Plane of any type to float32, samples equal to `nodata` (compared in the plane's type; null: none) to NaN 0x7fc00000. */
  toFloat(from: number, type: PlaneType, to: number, count: number, nodata: number | null): void;
}

export { INFLATE_TOO_LONG, INFLATE_WORK_BYTES } from "./pixel-ops/inflate.ts";
export { LZW_WORK_BYTES } from "./pixel-ops/lzw.ts";
export { TALLY, TALLY_BITS } from "./pixel-ops/tally.ts";
export { TAP_BYTES } from "./pixel-ops/weigh.ts";
