import type { PlaneType } from "../core/dtype.ts";
import type { Expr, PlacedExpr } from "../formula/expr.ts";
import type { KernelStage } from "./stages.ts";

/** What a kernel writes: one byte, three or four bytes a pixel, or one float32 plane for each expression. */
export type KernelOutput = "gray8" | "rgb8" | "rgba8" | "float32";

/** How one plane lies in memory and what is no data in it. */
export interface KernelInput {
  readonly channel: number;
  readonly z: number;
  readonly t: number;
  readonly type: PlaneType;
  /** Compared in the plane's own type before conversion to float32. */
  readonly nodata: number | null;
  /** Levels that are computed take samples of it; left out: means, but of codes. */
  readonly sampled?: true;
}

export interface KernelRequest {
  readonly output: KernelOutput;
  /** One display expression for the byte outputs; 1 to 16 numbers for float32. */
  readonly expressions: readonly Expr[];
  /** In-memory type and nodata of a channel at the level that is rendered (virtual levels are float32). */
  readonly inputOf: (channel: number, z: number, t: number) => KernelInput;
  /** The same of a channel of another image, at the level that is read of it; left out: the formula reads none. */
  readonly placedInputOf?: (channel: PlacedExpr) => KernelInput;
}

/**
 * A compiled kernel: plain data that can be posted to a thread. `shape` is the identity of `bytes`: the same for
 * formulas that differ only in their constants. The module imports `env.memory` and exports
 * `run(params: i32, pixels: i32)`. At `params` (16-byte aligned) stands the parameter block:
 *   i32 output pointer for each output plane (1 for byte outputs), then
 *   i32 input pointer for each entry of `inputs`, then of `stages`, then
 *   i32 table pointer for each entry of `tables`, then (8-byte aligned)
 *   f64 nodata for each input that has one, then (4-byte aligned)
 *   f32 for each entry of `constants`.
 * All plane pointers are 16-byte aligned. The kernel handles pixels in groups of 16 and may read and write up to
 * SLACK_BYTES behind the end of each plane.
 */
export interface Kernel {
  readonly shape: string;
  readonly bytes: Uint8Array;
  readonly output: KernelOutput;
  readonly planes: number;
  /** Planes of channels. */
  readonly inputs: readonly KernelInput[];
  /** Float32 planes that are calculated first. */
  readonly stages: readonly KernelStage[];
  readonly tables: readonly KernelTable[];
  readonly constants: Float32Array;
}

export interface KernelTable {
  readonly id: string;
  readonly values: Float32Array;
}

/** Bytes behind the end of any plane that a kernel may read or write (16 pixels of 8 bytes). */
export const SLACK_BYTES = 128;

/** Bytes a pixel of each output. */
export const OUTPUT_BYTES: Record<KernelOutput, number> = { gray8: 1, rgb8: 3, rgba8: 4, float32: 4 };
