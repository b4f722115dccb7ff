import type { Diagnostic } from "../../formula/diagnostic.ts";
import type { Formula } from "../../formula/formula.ts";
import type { ServedImage } from "./image.ts";
import type { Pay } from "./measure.ts";

export interface PlaneChoice {
  readonly z?: number;
  readonly t?: number;
}

/** What a formula is bound to besides an image. */
export interface BindChoice extends PlaneChoice {
  /**
   * It is for numbers (npy, statistics), which no window shows: what only windows need is not measured, and stands in it as 0 … 1. Its pictures mean
   * nothing.
   */
  readonly numbersAlone?: boolean;
}

/** A formula text bound to an image: complete, or invalid with diagnostics as data. */
export type BoundFormula = ValidFormula | InvalidFormula;

interface BoundBase {
  readonly image: ServedImage;
  /** Text as it was given. */
  readonly source: string;
  readonly plane: { readonly z: number; readonly t: number };
  readonly numbersAlone: boolean;
  /** Hash of image key, source text, arguments and revisions; also when invalid. */
  readonly id: string;
  readonly diagnostics: readonly Diagnostic[];
}

export interface ValidFormula extends BoundBase {
  readonly valid: true;
  readonly formula: Formula;
  /** Other images that the formula reads, by key. */
  readonly others: readonly ServedImage[];
  /** `v` of tile URLs: 16 hex digits over render version, every (key, revision) pair that is read, and the last purge of the formula. */
  readonly version: string;
  /** Of the formula's last purge; empty: none. */
  readonly generation: string;
}

export interface InvalidFormula extends BoundBase {
  readonly valid: false;
}

/** Display options that become formula text. */
export interface DisplayOptions {
  readonly window?: readonly number[];
  readonly percentiles?: readonly number[];
  readonly gamma?: number;
  readonly colormap?: string;
  readonly invert?: boolean;
  readonly nodataColor?: string;
}

export interface Layer {
  readonly expression: string;
  readonly color: string;
  readonly window?: readonly number[];
  readonly visible: boolean;
  readonly blend: string;
}

export interface FormulaService {
  /**
   * Never rejects for a bad formula; rejects when pixels that it needs (percentiles) cannot be read. `pay` is told what must be measured that is
   * neither known nor being measured for somebody else.
   */
  bind(
    image: ServedImage,
    source: string | null,
    choice?: BindChoice,
    signal?: AbortSignal,
    pay?: Pay,
  ): Promise<BoundFormula>;
  /** Sugar to text. BAD_REQUEST where the options contradict each other. */
  displayText(source: string, display: DisplayOptions, signal?: AbortSignal): Promise<string>;
  layersText(layers: readonly Layer[], signal?: AbortSignal): Promise<string>;
  /** The formula of an image that is asked for without one. */
  defaultText(image: ServedImage): string;
}
