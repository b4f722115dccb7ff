import { z } from "zod";
import type { PixelSize } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import type { JsonObject } from "./documents.ts";
import { listOf } from "./list-of.ts";

/** Axes that an image may have, in the order that the specification demands of them; x and y it must have. */
export const AXES = ["t", "c", "z", "y", "x"] as const;
export type AxisName = (typeof AXES)[number];

export interface Multiscale {
  readonly name: string | null;
  readonly axes: readonly AxisName[];
  /** Paths of the arrays, finest first. */
  readonly paths: readonly string[];
  readonly pixelSize: PixelSize | null;
  readonly warnings: readonly ImageWarning[];
}

const MAX_LEVELS = 64;
const MAX_AXES = 8;
/** The specification knows two for each dataset. */
const MAX_TRANSFORMATIONS = 16;
const TYPES: Readonly<Record<AxisName, string>> = { t: "time", c: "channel", z: "space", y: "space", x: "space" };
/** Symbols of the units that OME-NGFF names. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ["picometer", "pm"],
  ["angstrom", "Å"],
  ["nanometer", "nm"],
  ["micrometer", "µm"],
  ["millimeter", "mm"],
  ["centimeter", "cm"],
  ["decimeter", "dm"],
  ["meter", "m"],
  ["kilometer", "km"],
  ["inch", "in"],
  ["foot", "ft"],
  ["yard", "yd"],
  ["mile", "mi"],
  ["parsec", "pc"],
]);

const scales = listOf(z.number(), { most: MAX_AXES });
const transformation = z.discriminatedUnion("type", [
  z.object({ type: z.literal("scale"), scale: scales }),
  z.object({ type: z.literal("translation"), translation: scales }),
  z.object({ type: z.literal("identity") }),
]);
const transformations = listOf(transformation, { most: MAX_TRANSFORMATIONS });
const axis = z.object({ name: z.string(), type: z.string().optional(), unit: z.string().nullish() });
const multiscale = z.object({
  name: z.string().nullish(),
  version: z.string().optional(),
  axes: listOf(axis, { most: MAX_AXES, missing: "axes are missing: only versions from 0.4 on are read" }),
  datasets: listOf(z.object({ path: z.string(), coordinateTransformations: transformations }), {
    least: 1,
    most: MAX_LEVELS,
  }),
  coordinateTransformations: transformations.optional(),
});

/** One image of `multiscales` (OME-NGFF 0.4 and 0.5). SOURCE_UNREADABLE names the rule that it breaks. */
export function readMultiscale(value: JsonObject): Multiscale {
  const result = multiscale.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw broken(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}`);
  }
  const { axes: given, datasets, name, version, coordinateTransformations = [] } = result.data;
  const axes = given.map((one) => axisName(one.name, one.type));
  assertOrder(axes);
  for (const { path, coordinateTransformations: own } of datasets) {
    assertPath(path);
    assertTransformations(own, axes.length, true);
  }
  assertTransformations(coordinateTransformations, axes.length, false);
  const isKnown = version === undefined || version === "0.4" || version === "0.5";
  return {
    name: name || null,
    axes,
    paths: datasets.map(({ path }) => path),
    pixelSize: pixelSize(axes, given, [
      ...(datasets[0]?.coordinateTransformations ?? []),
      ...coordinateTransformations,
    ]),
    warnings: isKnown
      ? []
      : [
          imageWarning(
            "VERSION_GUESSED",
            `Its multiscales say version ${version}, and are read as 0.4. Convert it to 0.4 or 0.5 where it shows wrong.`,
          ),
        ],
  };
}

type Transformation = z.output<typeof transformation>;

function axisName(name: string, type: string | undefined): AxisName {
  const found = AXES.find((one) => one === name.toLowerCase());
  if (!found) throw broken(`the axis ${JSON.stringify(name.slice(0, 40))} is none of ${AXES.join(", ")}`);
  if (type !== undefined && type !== TYPES[found])
    throw broken(`the axis ${found} has the type ${JSON.stringify(type.slice(0, 40))}`);
  return found;
}

/** OME-NGFF: time before channels before space, space by z, y, x. */
function assertOrder(axes: readonly AxisName[]): void {
  const places = axes.map((name) => AXES.indexOf(name));
  if (places.some((place, index) => index > 0 && place <= (places[index - 1] ?? -1)))
    throw broken(`the axes ${axes.join(", ")} are not in the order ${AXES.join(", ")}, each once`);
  if (!axes.includes("x") || !axes.includes("y")) throw broken("there is no axis x, or no axis y");
}

function assertPath(path: string): void {
  const isPlain =
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..") && !/[\\\p{Cc}]/u.test(path);
  if (!isPlain || path.length > 1024) throw broken("the path of a dataset leads out of the image");
}

function assertTransformations(list: readonly Transformation[], axes: number, required: boolean): void {
  const [first, second, third] = list;
  if (required && first?.type !== "scale") throw broken("the first transformation of a dataset must be its scale");
  if (third || (second && second.type !== "translation"))
    throw broken("a scale may only be followed by one translation");
  for (const one of list) {
    const values = one.type === "scale" ? one.scale : one.type === "translation" ? one.translation : null;
    if (values && values.length !== axes) throw broken(`a ${one.type} has ${values.length} numbers for ${axes} axes`);
    if (one.type === "scale" && !one.scale.every((value) => value > 0)) throw broken("a scale is not positive");
  }
}

/** Null where the axes name no unit: a scale of 1 for want of a better one is no size. */
function pixelSize(
  axes: readonly AxisName[],
  given: readonly { readonly unit?: string | null | undefined }[],
  transformations: readonly Transformation[],
): PixelSize | null {
  const along = (name: AxisName) => {
    const index = axes.indexOf(name);
    const scale = transformations.reduce(
      (product, one) => (one.type === "scale" ? product * (one.scale[index] ?? 1) : product),
      1,
    );
    return { scale, unit: given[index]?.unit ?? null };
  };
  const [x, y] = [along("x"), along("y")];
  if (x.unit === null || x.unit !== y.unit) return null;
  return { x: x.scale, y: y.scale, unit: UNITS.get(x.unit) ?? x.unit.slice(0, 40) };
}

function broken(what: string) {
  return unreadable(`its multiscales break a rule of OME-NGFF: ${what}`);
}
