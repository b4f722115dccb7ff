import { channelsOf, type Expr, pixelCost } from "../formula/index.ts";
import type { MeasuredWork } from "./types/measure.ts";

/** What it takes to evaluate numbers at so many pixels. */
export function measuredWork(numbers: readonly Expr[], pixels: number): MeasuredWork {
  return { pixels, channels: new Set(numbers.flatMap(channelsOf)).size, cost: pixelCost(numbers) };
}
