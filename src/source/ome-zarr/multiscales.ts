import { z } from "zod";
import type { PixelSize } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import { type AxisName, broken, readAxes } from "./axes.ts";
import type { JsonObject } from "./documents.ts";
import { listOf } from "./list-of.ts";

export interface Multiscale {
  readonly name: string | null;
  readonly axes: readonly AxisName[];
  /** What the axis of channels is called; null: there is none, or its name says no more. */
  readonly channelAxis: string | null;
  /** Paths of the arrays, finest first. */
  readonly paths: readonly string[];
  readonly pixelSize: PixelSize | null;
  readonly warnings: readonly ImageWarning[];
}

const MAX_LEVELS = 64;
const MAX_AXES = 8;
/** The specification knows two for each dataset. */
const MAX_TRANSFORMATIONS = 16;
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
  axes: listOf(axis, {
    most: MAX_AXES,
    missing: "axes are missing: only versions from 0.4 on have them, and are read",
  }),
  datasets: listOf(z.object({ path: z.string(), coordinateTransformations: transformations }), {
    least: 1,
    most: MAX_LEVELS,
  }),
  coordinateTransformations: transformations.optional(),
});

/** Versions that are read, by the version of Zarr that each is of. */
const VERSIONS = { 2: "0.4", 3: "0.5" } as const;

/** Where an image of `multiscales` stands. */
export interface MultiscaleGroup {
  /** Of Zarr. */
  readonly version: 2 | 3;
  /** Version of OME-NGFF that the group says its metadata have; null: it says none. */
  readonly said: string | null;
}

/** One image of `multiscales` (OME-NGFF 0.4 and 0.5). SOURCE_UNREADABLE names the rule that it breaks, or the version that is not read. */
export function readMultiscale(value: JsonObject, group: MultiscaleGroup): Multiscale {
  assertVersion(value, group.said);
  const result = multiscale.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw broken(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}`);
  }
  const { axes: given, datasets, name, coordinateTransformations = [] } = result.data;
  const axes = readAxes(given);
  for (const { path, coordinateTransformations: own } of datasets) {
    assertPath(path);
    assertTransformations(own, axes.length, true);
  }
  assertTransformations(coordinateTransformations, axes.length, false);
  const channelAxis = given[axes.indexOf("c")]?.name ?? "c";
  return {
    name: name || null,
    axes,
    channelAxis: /^(?:c|channels?)$/i.test(channelAxis) ? null : channelAxis,
    paths: datasets.map(({ path }) => path),
    pixelSize: pixelSize(axes, given, [
      ...(datasets[0]?.coordinateTransformations ?? []),
      ...coordinateTransformations,
    ]),
    warnings: warningsOf(group, [...datasets.map((one) => one.coordinateTransformations), coordinateTransformations]),
  };
}

type Transformation = z.output<typeof transformation>;

/** What 0.1 to 0.3 and 0.6 say of axes is something else: better than a rule that it breaks is the version that it has. */
function assertVersion({ axes, coordinateSystems }: JsonObject, said: string | null): void {
  if (said === "0.4" || said === "0.5") return;
  const areNames = Array.isArray(axes) && typeof axes[0] === "string";
  const isOther = coordinateSystems !== undefined || areNames || (axes === undefined && said !== null);
  if (!isOther) return;
  const guess = areNames ? "0.3 (its axes are names)" : "0.6 (it has coordinateSystems)";
  const version = `version ${said === null ? guess : shown(said)}`;
  throw unreadable(
    `its multiscales are of ${version} of OME-NGFF, and only 0.4 and 0.5 are read; write it as 0.5, for example with a newer ome-zarr-py`,
  );
}

/** Rules that are broken and do no harm. */
function warningsOf(
  { version, said }: MultiscaleGroup,
  transformations: readonly (readonly Transformation[])[],
): readonly ImageWarning[] {
  const due = VERSIONS[version];
  const warnings: ImageWarning[] = [];
  if (said === null ? version === 3 : said !== due)
    warnings.push(
      imageWarning(
        "VERSION_GUESSED",
        `Its multiscales say ${said === null ? "no version" : `version ${shown(said)}`}, and are read as ${due}, which goes with Zarr ${version}. Convert it where it shows wrong.`,
      ),
    );
  if (transformations.some((list) => list.some(({ type }) => type === "identity")))
    warnings.push(
      imageWarning("METADATA_NOT_USED", "Its multiscales have identity transformations, which OME-NGFF forbids there."),
    );
  return warnings;
}

function shown(text: string): string {
  return text.slice(0, 40);
}

function assertPath(path: string): void {
  const isPlain =
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..") && !/[\\\p{Cc}]/u.test(path);
  if (!isPlain || path.length > 1024) throw broken("the path of a dataset leads out of the image");
}

function assertTransformations(list: readonly Transformation[], axes: number, required: boolean): void {
  // They change nothing, and are warned of.
  const [first, second, third] = list.filter(({ type }) => type !== "identity");
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
