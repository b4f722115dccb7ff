import type { PaletteColor } from "../sidecars/pam-classes.ts";
import { type Palette, paletteOf, toldPalette } from "./palette.ts";
import type { Planes } from "./planes.ts";
import { PHOTOMETRIC, TAG } from "./tags.ts";

/** Of indices into a palette. */
const INDEX_TYPES: readonly string[] = ["uint8", "uint16", "bit"];
/** Three of 16-bit indices. */
const MAX_COLOR_MAP = 3 * 65_536;

/** The palette of an image of one sample, told beside the file or in it; null: its samples are no indices. */
export async function findPalette(planes: Planes, told: readonly PaletteColor[] | null): Promise<Palette | null> {
  const [full] = planes.levels;
  const directory = planes.ownDirectory(0);
  if (!full || !directory || full.samples !== 1) return null;
  if (told) return toldPalette(told);
  const isIndexed = INDEX_TYPES.includes(full.dataType) && full.photometric === PHOTOMETRIC.palette;
  return isIndexed ? paletteOf(await directory.numbers(TAG.colorMap, MAX_COLOR_MAP), full.bits) : null;
}
