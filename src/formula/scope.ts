import type { DataType } from "../core/dtype.ts";

/** What a formula may know of one channel of the image it is checked against. */
export interface ScopeChannel {
  /** As stored in the file; any string, perhaps empty or repeated. */
  readonly name: string;
  readonly dataType: DataType;
  /** The channel can be NaN: it has a nodata value, a mask, or float samples. */
  readonly nan: boolean;
  /** Display window from the metadata, in stored values. */
  readonly window?: readonly [low: number, high: number];
  /** phys(x) = x · scale + offset; 1 and 0 when the file says nothing. */
  readonly scale: number;
  readonly offset: number;
  /** Of phys(x), as the file writes it; left out: the file does not tell. */
  readonly unit?: string;
  /** Its numbers are codes, which are never averaged; left out: they are amounts. */
  readonly categorical?: boolean;
  /** It tells how opaque the others are; left out: it does not. */
  readonly alpha?: boolean;
}

/** What a formula may know of an image. */
export interface ScopeImage {
  readonly channels: readonly ScopeChannel[];
  readonly depth: number;
  readonly times: number;
  /** Plane that is shown when nobody names one; left out: the first. */
  readonly shownPlane?: { readonly z: number; readonly t: number };
  /** Some of its levels are means of finer ones; left out: all lie in its file. */
  readonly averaged?: boolean;
}

export interface FormulaScope extends ScopeImage {
  /** What lengths of its place are: meters, or what has to be made meters (degrees, feet). Left out: nobody knows. */
  readonly ground?: "meters" | "converted";
  /** Plane that a channel without `[z=…, t=…]` means. */
  readonly plane: { readonly z: number; readonly t: number };
  /** Key of this image; left out: it has none. */
  readonly key?: string;
  /** Other images that the text names (`imagesNamed`), by key: those that there are. Left out: none is within reach. */
  readonly images?: ReadonlyMap<string, ScopeImage>;
  /** Keys like those that were not found. */
  readonly similarKeys?: ReadonlyMap<string, readonly string[]>;
}
