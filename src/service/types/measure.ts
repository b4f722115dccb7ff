import type { Region } from "../../core/geometry.ts";
import type { StatisticsResult } from "../../render/types.ts";
import type { ValidFormula } from "./formula.ts";

/** What a number is measured of, known before a pixel is read. */
export interface MeasuredWork {
  readonly pixels: number;
  /** That are read, planes and those of other images apart. */
  readonly channels: number;
  /** Of one pixel; an addition is 1. */
  readonly cost: number;
}

/** Told of work before it is begun; what it throws is thrown in place of the work. */
export type Pay = (work: readonly MeasuredWork[]) => void;

export interface StatisticsRequest {
  readonly formula: ValidFormula;
  readonly level: number | null;
  readonly region: Region | null;
  readonly bins: number;
  readonly percentiles: readonly number[];
}

export interface ProbeRequest {
  readonly formula: ValidFormula;
  /** Full-resolution pixels; they may lie outside the image. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly level: number;
}

export interface ServedStatistics extends StatisticsResult {
  /** `v` of the pixels that were looked at: another than the formula's where the file changed under the work. */
  readonly version: string;
  /** Whose pixels were looked at. */
  readonly level: number;
  /** Every full-resolution pixel was counted, and percentiles and bins are of the values themselves. */
  readonly exact: boolean;
}

export interface ServedProbe {
  /** `v` of the pixels that were looked at. */
  readonly version: string;
  /** One for each point, in order. */
  readonly points: readonly ProbedPoint[];
}

export interface ProbedPoint {
  readonly x: number;
  readonly y: number;
  readonly channels: readonly { readonly channel: number; readonly value: Sample }[];
  readonly values: readonly Sample[];
  /** `#rrggbb` or null where the picture is transparent. */
  readonly color: string | null;
}

export interface Sample {
  readonly number: number | null;
  readonly state: "FINITE" | "NODATA" | "OUTSIDE";
}
