import type { Code } from "../wasm/code.ts";
import { i32, i64 } from "../wasm/integers.ts";
import { i8x16, i16x8, i32x4, i64x2, v128 } from "../wasm/simd.ts";

/** Bytes of one sample in memory. */
export type SampleBytes = 1 | 2 | 4 | 8;
export const SAMPLE_BYTES: readonly SampleBytes[] = [1, 2, 4, 8];

/** Bytes of one vector. */
export const VECTOR = 16;

/** Copies one sample, whatever its type. */
export function copySample(bytes: SampleBytes, to: Code<"i32">, from: Code<"i32">): Code<"none"> {
  switch (bytes) {
    case 1:
      return i32.store8(to, i32.load8u(from));
    case 2:
      return i32.store16(to, i32.load16u(from));
    case 4:
      return i32.store(to, i32.load(from));
    case 8:
      return i64.store(to, i64.load(from));
  }
}

/** Lanes of samples added with wrapping. */
export function addLanes(bytes: SampleBytes, a: Code<"v128">, b: Code<"v128">): Code<"v128"> {
  switch (bytes) {
    case 1:
      return i8x16.add(a, b);
    case 2:
      return i16x8.add(a, b);
    case 4:
      return i32x4.add(a, b);
    case 8:
      return i64x2.add(a, b);
  }
}

/** One sample at `address` in every lane. */
export function loadSplat(bytes: SampleBytes, address: Code<"i32">): Code<"v128"> {
  switch (bytes) {
    case 1:
      return v128.load8Splat(address);
    case 2:
      return v128.load16Splat(address);
    case 4:
      return v128.load32Splat(address);
    case 8:
      return v128.load64Splat(address);
  }
}

export const ZERO = v128.const(new Uint8Array(VECTOR));

/** 0, 1, 2 … 15. */
const BYTE_NUMBERS = v128.const(Array.from({ length: VECTOR }, (_, index) => index));

/** The first `count` bytes (1 to 15) of a at `address`; those behind stay as they are. */
export function storeFirst(address: Code<"i32">, a: Code<"v128">, count: Code<"i32">): Code<"none"> {
  return v128.store(address, v128.bitselect(a, v128.load(address), i8x16.ltU(BYTE_NUMBERS, i8x16.splat(count))));
}
