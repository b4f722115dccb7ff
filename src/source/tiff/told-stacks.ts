import { z } from "zod";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import type { Arrangement, PlanePlace } from "./arrangement.ts";
import type { Directory } from "./directory.ts";
import { lenient } from "./lenient.ts";
import { type LsmStack, parseLsm } from "./metadata/lsm.ts";
import { isThumbnail } from "./metadata/slides.ts";
import type { Series } from "./series.ts";
import { TAG } from "./tags.ts";

/** What counts the planes of a series, slowest first. Channels that are samples of a directory are left out. */
interface Counted {
  readonly axes: readonly (readonly [axis: StackAxis, size: number])[];
  readonly warning: ImageWarning;
}

type StackAxis = "t" | "z" | "c";

const MAX_PLANES = 1_000_000;
/** Of what LSM tells, the beginning. */
const LSM_BYTES = 64;
const shaped = z.looseObject({ shape: z.array(z.number().int().positive()).max(16), axes: z.string().max(16) });

/** Null: it is none, or damaged. */
export async function readLsm(directory: Directory): Promise<LsmStack | null> {
  const bytes = await lenient(async () => await directory.beginning(TAG.lsmInfo, LSM_BYTES));
  return bytes ? parseLsm(bytes) : null;
}

/** Zeiss's LSM has a picture of every plane for its lists of files, in colors: they are no levels. */
export async function withoutThumbnails(directories: readonly Directory[]): Promise<readonly Directory[]> {
  if (!directories[0]?.entry(TAG.lsmInfo)) return directories;
  const flags = await Promise.all(directories.map(isThumbnail));
  return directories.filter((_, index) => !flags[index]);
}

/**
 * Planes where Zeiss's LSM, MetaMorph's STK or tifffile say: nothing else tells z and t of channels. `arrangement` null: nobody says, or
 * others than there are, with a warning.
 */
export async function arrangeTold(
  series: Series,
  text: string,
): Promise<{ readonly arrangement: Arrangement | null; readonly warnings: readonly ImageWarning[] }> {
  const [first] = series.full;
  const counted = first ? ((await countedByTags(first)) ?? countedByText(text)) : null;
  if (!counted) return { arrangement: null, warnings: [] };
  const arrangement = arranged(series, counted.axes);
  return { arrangement, warnings: arrangement ? [] : [counted.warning] };
}

async function countedByTags(first: Directory): Promise<Counted | null> {
  const lsm = await readLsm(first);
  if (lsm) {
    const axes = [["t", lsm.times] as const, ["z", lsm.depth] as const];
    return { axes, warning: otherPlanes("Zeiss's LSM") };
  }
  // MetaMorph: one item of this tag a plane, which lie behind the only directory.
  const planes = first.entry(TAG.metaMorphPlanes)?.count ?? 0;
  return planes > 1 ? { axes: [["z", planes]], warning: otherPlanes("MetaMorph") } : null;
}

/** `{"shape": [4, 3, 512, 512], "axes": "ZCYX"}` of tifffile; S are samples. */
function countedByText(text: string): Counted | null {
  const { shape, axes } = shaped.safeParse(jsonOf(text)).data ?? { shape: [], axes: "" };
  if (axes.length !== shape.length || !/^[TZC]*(YXS?|SYX)$/.test(axes) || new Set(axes).size < axes.length) return null;
  const counted = [...axes.toLowerCase()].flatMap((axis, at): [StackAxis, number][] =>
    axis === "t" || axis === "z" || axis === "c" ? [[axis, shape[at] ?? 1]] : [],
  );
  return counted.length > 0 ? { axes: counted, warning: otherPlanes("tifffile") } : null;
}

function jsonOf(text: string): unknown {
  if (!text.startsWith('{"shape"')) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Null where there are other planes than are counted. A single directory may have all planes behind it. */
function arranged({ full, reduced, masks }: Series, axes: Counted["axes"]): Arrangement | null {
  const count = axes.reduce((product, [, size]) => product * size, 1);
  const [first] = full;
  if (!first || count > MAX_PLANES || (full.length !== 1 && full.length !== count)) return null;
  const size = (axis: StackAxis) => axes.find(([one]) => one === axis)?.[1] ?? 1;
  const [depth, times, columns] = [size("z"), size("t"), size("c")];
  const planes = new Array<PlanePlace | null>(count).fill(null);
  for (let index = 0; index < count; index++) {
    const at = placeOf(index, axes);
    const directory = full[index];
    planes[(at.t * depth + at.z) * columns + at.c] = directory
      ? { directory, nth: 0 }
      : { directory: first, nth: index };
  }
  return { depth, times, columns, planes, reduced, masks };
}

function placeOf(index: number, axes: Counted["axes"]): Record<StackAxis, number> {
  const at = { t: 0, z: 0, c: 0 };
  let rest = index;
  for (const [axis, size] of axes.toReversed()) {
    at[axis] = rest % size;
    rest = Math.floor(rest / size);
  }
  return at;
}

function otherPlanes(who: string): ImageWarning {
  return imageWarning(
    "METADATA_NOT_USED",
    `${who} counts other planes than it has: each directory is a channel. Save it anew as OME-TIFF.`,
  );
}
