import { z } from "zod";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import { listOf } from "./list-of.ts";

/** The specification knows two for each dataset. */
const MAX_TRANSFORMATIONS = 16;
const MAX_AXES = 8;

const numbers = listOf(z.number(), { most: MAX_AXES });
const transformation = z.discriminatedUnion("type", [
  z.object({ type: z.literal("scale"), scale: numbers }),
  z.object({ type: z.literal("translation"), translation: numbers }),
  z.object({ type: z.literal("identity") }),
]);
const transformations = listOf(transformation, { most: MAX_TRANSFORMATIONS });

type Transformation = z.output<typeof transformation>;

/** How `coordinateTransformations` stretch the axes. */
export interface Stretch {
  /** By axis; null: they break a rule, and nobody knows. */
  readonly scale: readonly number[] | null;
  readonly warnings: readonly ImageWarning[];
}

/**
 * The `coordinateTransformations` of a dataset, or of a whole image, where they may be left out. They change no sample: what breaks a rule
 * there is warned of. Translations are left out: an image is shown by itself.
 */
export function readStretch(value: unknown, axes: number, of: "dataset" | "image"): Stretch {
  if (value === undefined && of === "image") return { scale: new Array<number>(axes).fill(1), warnings: [] };
  const list = transformations.safeParse(value).data;
  const problem = list ? problemOf(list, axes, of) : oddList(value);
  if (problem !== null || !list) return { scale: null, warnings: [brokenWarning(problem ?? "")] };
  const own = list.find((one) => one.type === "scale")?.scale;
  const hasIdentity = list.some(({ type }) => type === "identity");
  return { scale: own ?? new Array<number>(axes).fill(1), warnings: hasIdentity ? [IDENTITY] : [] };
}

function problemOf(list: readonly Transformation[], axes: number, of: "dataset" | "image"): string | null {
  // They change nothing, and are warned of.
  const [first, second, third] = list.filter(({ type }) => type !== "identity");
  if (of === "dataset" && first?.type !== "scale") return "the first of a dataset must be its scale";
  if (third || (second && second.type !== "translation")) return "a scale may only be followed by one translation";
  for (const one of list) {
    const values = one.type === "scale" ? one.scale : one.type === "translation" ? one.translation : null;
    if (values && values.length !== axes) return `a ${one.type} has ${values.length} numbers for ${axes} axes`;
    if (one.type === "scale" && !one.scale.every((scale) => scale > 0)) return "a scale is not positive";
  }
  return null;
}

function oddList(value: unknown): string {
  return value === undefined ? "those of a dataset are missing" : "they are no list of scales and translations";
}

function brokenWarning(problem: string): ImageWarning {
  return imageWarning(
    "METADATA_NOT_USED",
    `Its coordinateTransformations break a rule of OME-NGFF: ${problem}. They are not used: its pixels have no size.`,
  );
}

const IDENTITY = imageWarning(
  "METADATA_NOT_USED",
  "Its multiscales have identity transformations, which OME-NGFF forbids there.",
);
