import type { PixelSize } from "../../types.ts";
import type { ImageWarning } from "../../warnings.ts";

/** What metadata tell of the channel that one directory of one sample holds; null: nothing. */
export interface ToldChannel {
  readonly name: string | null;
  /** `#rrggbb`. */
  readonly color: string | null;
  readonly wavelengthNm?: number | null;
  /** Display window, in stored values. */
  readonly window?: readonly [low: number, high: number] | null;
  /** Shown when nobody says which channels to show. */
  readonly active?: boolean | null;
}

/** What the software of a microscope or scanner wrote of an image. */
export interface ToldImage {
  /** By column of directories; none: nothing is told of any. */
  readonly channels: readonly ToldChannel[];
  readonly pixelSize: PixelSize | null;
  readonly description: string | null;
  readonly warnings: readonly ImageWarning[];
}

export const NOTHING_TOLD: ToldImage = { channels: [], pixelSize: null, description: null, warnings: [] };

/** Characters of a channel's name: more are no name. */
const MAX_NAME_LENGTH = 256;

/** A name as it is shown: its first line, cut; null: it is empty. */
export function shownName(text: string): string | null {
  const [line = ""] = text.trim().split(/[\r\n\0]/, 1);
  return line.trim().slice(0, MAX_NAME_LENGTH) || null;
}

/** Names that tell channels apart: each has one, and no two the same. */
export function areNames(names: readonly (string | null)[]): names is readonly string[] {
  return names.every((name) => name !== null) && new Set(names).size === names.length;
}
