import { z } from "zod";
import type { ChannelClass, ChannelInfo } from "../types.ts";
import type { Json } from "./documents.ts";
import { listOf } from "./list-of.ts";

/** Objects of an image of labels that have a color of their own. */
const MAX_COLORS = 65_536;

const byte = z.number().int().min(0).max(255);
const color = z.looseObject({ "label-value": z.number(), rgba: z.tuple([byte, byte, byte], byte).optional() });
const imageLabel = z.looseObject({ colors: listOf(z.unknown(), { most: MAX_COLORS }).optional() });

/**
 * What `image-label` (OME-NGFF 0.4 and 0.5) says of the numbers of an image: they are objects, some with colors. Null: it is none. 0 is a number
 * like the others there, with a color where one is given: 0.5 has it stand for the space between cells in its example.
 */
export function readImageLabel(value: Json | undefined): Pick<ChannelInfo, "kind" | "classes"> | null {
  if (value === undefined || value === null) return null;
  const { data } = imageLabel.safeParse(value);
  // Of several for one value the last counts, as the specification has it.
  const classes = new Map<number, ChannelClass>();
  for (const given of data?.colors ?? []) {
    const read = color.safeParse(given).data;
    if (read) classes.set(read["label-value"], { value: read["label-value"], name: null, color: hexOf(read.rgba) });
  }
  const sorted = [...classes.values()].sort((a, b) => a.value - b.value);
  return { kind: "categorical", classes: sorted.length > 0 ? sorted : null };
}

/** A color that is transparent is none. */
function hexOf(rgba: readonly number[] | undefined): string | null {
  if (!rgba || rgba[3] === 0) return null;
  return `#${rgba
    .slice(0, 3)
    .map((one) => one.toString(16).padStart(2, "0"))
    .join("")}`;
}
