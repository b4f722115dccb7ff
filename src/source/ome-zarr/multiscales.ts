import { z } from "zod";
import { canonicalUnit, sizeInOneUnit } from "../tiff/metadata/length-unit.ts";
import type { PixelSize } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import { type AxisName, broken, type GivenAxis, readAxes } from "./axes.ts";
import type { JsonObject } from "./documents.ts";
import { listOf } from "./list-of.ts";
import { readStretch } from "./transformations.ts";

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
const axis = z.object({ name: z.string(), type: z.string().optional(), unit: z.string().nullish() });
const multiscale = z.object({
  name: z.string().nullish(),
  axes: listOf(axis, {
    most: MAX_AXES,
    missing: "axes are missing: only versions from 0.4 on have them, and are read",
  }),
  datasets: listOf(z.object({ path: z.string(), coordinateTransformations: z.unknown().optional() }), {
    least: 1,
    most: MAX_LEVELS,
  }),
  coordinateTransformations: z.unknown().optional(),
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
  const { axes: given, datasets, name, coordinateTransformations } = result.data;
  const axes = readAxes(given);
  for (const { path } of datasets) assertPath(path);
  const whole = readStretch(coordinateTransformations, axes.length, "image");
  const own = datasets.map((one) => readStretch(one.coordinateTransformations, axes.length, "dataset"));
  const channelAxis = given[axes.indexOf("c")]?.name ?? "c";
  return {
    name: name || null,
    axes,
    channelAxis: /^(?:c|channels?)$/i.test(channelAxis) ? null : channelAxis,
    paths: datasets.map(({ path }) => path),
    pixelSize: pixelSize(axes, given, [own[0]?.scale ?? null, whole.scale]),
    warnings: [...versionWarnings(group), ...[...own, whole].flatMap(({ warnings }) => warnings)],
  };
}

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

/** A version that does not fit does no harm as a rule. */
function versionWarnings({ version, said }: MultiscaleGroup): readonly ImageWarning[] {
  const due = VERSIONS[version];
  if (said === null ? version === 2 : said === due) return [];
  const told = said === null ? "no version" : `version ${shown(said)}`;
  return [
    imageWarning(
      "VERSION_GUESSED",
      `Its multiscales say ${told}, and are read as ${due}, which goes with Zarr ${version}. Convert it where it shows wrong.`,
    ),
  ];
}

function shown(text: string): string {
  return text.slice(0, 40);
}

function assertPath(path: string): void {
  const isPlain =
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..") && !/[\\\p{Cc}]/u.test(path);
  if (!isPlain || path.length > 1024) throw broken("the path of a dataset leads out of the image");
}

/** Null where the axes name no unit: a scale of 1 for want of a better one is no size. */
function pixelSize(
  axes: readonly AxisName[],
  given: readonly GivenAxis[],
  scales: readonly (readonly number[] | null)[],
): PixelSize | null {
  const along = (name: AxisName) => {
    const index = axes.indexOf(name);
    const size = scales.reduce<number>((product, scale) => product * (scale?.[index] ?? Number.NaN), 1);
    return { size, unit: canonicalUnit(given[index]?.unit ?? "") };
  };
  const [x, y] = [along("x"), along("y")];
  return sizeInOneUnit(x, y);
}
