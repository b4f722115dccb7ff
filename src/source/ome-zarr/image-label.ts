import { z } from "zod";
import type { ChannelClass, ChannelInfo } from "../types.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import type { Json } from "./documents.ts";
import { listOf } from "./list-of.ts";

/** Objects of an image of labels that have a color of their own. */
const MAX_COLORS = 65_536;

const byte = z.number().int().min(0).max(255);
const color = z.looseObject({ "label-value": z.number(), rgba: z.tuple([byte, byte, byte], byte).optional() });
const imageLabel = z.looseObject({ colors: listOf(z.unknown(), { most: MAX_COLORS }).optional() });

interface ImageLabel {
  /** Null: it is no image of labels. */
  readonly channel: Pick<ChannelInfo, "kind" | "classes"> | null;
  readonly warnings: readonly ImageWarning[];
}

/**
 * What `image-label` (OME-NGFF 0.4 and 0.5) says of the numbers of an image: they are objects, some with colors. 0 is a number
 * like the others there, with a color where one is given: 0.5 has it stand for the space between cells in its example.
 */
export function readImageLabel(value: Json | undefined): ImageLabel {
  if (value === undefined || value === null) return { channel: null, warnings: [] };
  const { data } = imageLabel.safeParse(value);
  // Of several for one value the last counts, as the specification has it.
  const classes = new Map<number, ChannelClass>();
  let odd = data ? 0 : 1;
  for (const given of data?.colors ?? []) {
    const read = color.safeParse(given).data;
    if (!read) odd++;
    else classes.set(read["label-value"], { value: read["label-value"], name: null, color: hexOf(read.rgba) });
  }
  const sorted = [...classes.values()].sort((a, b) => a.value - b.value);
  const isColored = sorted.some((one) => one.color !== null);
  return {
    channel: { kind: "categorical", classes: sorted.length > 0 ? sorted : null },
    warnings: [...(odd > 0 ? [ODD_COLORS] : []), ...(isColored ? [COLORS_NOT_SHOWN] : [])],
  };
}

const ODD_COLORS = imageWarning(
  "METADATA_NOT_USED",
  "Colors of its image-label are not what OME-NGFF says, and are left out: a color is four whole numbers from 0 to 255.",
);
const COLORS_NOT_SHOWN = imageWarning(
  "METADATA_NOT_USED",
  "Its labels are shown as numbers in gray: those without a color would not be seen. Write classes() to show their colors.",
);

/** A color that is transparent is none. */
function hexOf(rgba: readonly number[] | undefined): string | null {
  if (!rgba || rgba[3] === 0) return null;
  return `#${rgba
    .slice(0, 3)
    .map((one) => one.toString(16).padStart(2, "0"))
    .join("")}`;
}
