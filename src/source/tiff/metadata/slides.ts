import { type ImageWarning, imageWarning } from "../../warnings.ts";
import type { Directory } from "../directory.ts";
import { SUBFILE, TAG } from "../tags.ts";

/** Ventana's BIF: pages that come before the slide. */
const VENTANA = /^(Label|Thumbnail|Probability)[ _]Image\b/i;
/** A level of a slide of Ventana: `level=0 mag=40 quality=95`. */
const VENTANA_LEVEL = /^level=\d+ mag=/;
const LEICA = /^\uFEFF?\s*(<\?xml[^>]*>\s*)?<scn\b/;

export async function isThumbnail(directory: Directory): Promise<boolean> {
  return ((await directory.number(TAG.newSubfileType, 0)) & SUBFILE.reduced) !== 0;
}

/** Whether the first directory may be an overview, a label or the like, and the slide comes behind it. `text`: its description. */
export function beginsWithOverview(text: string): boolean {
  return VENTANA.test(text) || LEICA.test(text);
}

/** Whether resolution tags are those of the specimen: Hamamatsu's NDPI and Leica's SCN. `text`: the beginning of a description. */
export function hasSpecimenResolution(directory: Directory, text: string): boolean {
  return directory.entry(TAG.ndpiFormat) !== undefined || LEICA.test(text);
}

export function slideWarnings(text: string): readonly ImageWarning[] {
  return VENTANA_LEVEL.test(text) ? [OVERLAP] : [];
}

const OVERLAP = imageWarning(
  "METADATA_NOT_USED",
  "Tiles of Ventana's slides overlap, and are shown side by side: seams may show twice. Join them first, for example with vips openslideload.",
);
