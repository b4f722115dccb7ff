import { fromGdal } from "./gdal.ts";
import { fromIip } from "./iip.ts";
import { fromLargeImage } from "./large-image.ts";
import { fromOmero } from "./omero.ts";
import { fromRioTiler } from "./rio-tiler.ts";

const DIALECTS = {
  "rio-tiler": fromRioTiler,
  gdal: fromGdal,
  omero: fromOmero,
  iip: fromIip,
  "large-image": fromLargeImage,
} as const satisfies Readonly<Record<string, (text: string) => string>>;

export type Dialect = keyof typeof DIALECTS;
export const dialectNames = Object.keys(DIALECTS) as readonly Dialect[];

/**
 * What another server's rendering parameters say, as a formula with channels by number. BAD_REQUEST for what has no counterpart here,
 * with the part that is meant.
 */
export function translate(dialect: Dialect, text: string): string {
  return DIALECTS[dialect](text);
}
