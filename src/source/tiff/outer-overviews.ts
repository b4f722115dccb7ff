import type { Sidecars } from "../sidecars/read.ts";
import { reasonOf, sidecarNotRead } from "../sidecars/warning.ts";
import type { Store } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import type { ImageWarning } from "../warnings.ts";
import { arrangePlain } from "./arrangement.ts";
import { readChain } from "./chain.ts";
import type { Directory } from "./directory.ts";
import { readHeader } from "./header.ts";
import type { Page } from "./page.ts";
import { Planes } from "./planes.ts";
import { isReduction, type Outline, readOutlines } from "./shape.ts";

/** Levels of an image that lie in a file beside it. */
export interface OuterOverviews {
  /** Null: there are none, or none that can be used. */
  readonly planes: Planes | null;
  /** Coarse masks among them. */
  readonly masks: readonly Directory[];
  readonly warnings: readonly ImageWarning[];
}

/** Size, type and samples of the image that they must fit. */
type Full = Pick<Page, "width" | "height" | "dataType" | "samples">;

const NONE: OuterOverviews = { planes: null, masks: [], warnings: [] };

/** Those beside a file count where it has none of its own, as for GDAL. What cannot be used is a warning. */
export async function readOuterOverviews(
  full: Full,
  { overviews }: Sidecars,
  mostChunkMiB: number,
  why: string | null,
): Promise<OuterOverviews> {
  if (!overviews) return NONE;
  try {
    if (why !== null) throw unreadable(why);
    return await openOverviews(full, await outlinesOf(overviews, mostChunkMiB));
  } catch (error) {
    return { ...NONE, warnings: [sidecarNotRead("overviews", reasonOf(error))] };
  }
}

/** Directories of a TIFF file beside an image. */
export async function outlinesOf(store: Store, mostChunkMiB: number): Promise<readonly Outline[]> {
  const { file, firstDirectory } = await readHeader(store, mostChunkMiB);
  return readOutlines(await readChain(file, firstDirectory));
}

/** One directory and smaller versions of it, as planes. */
export function planesOf(full: Directory, reduced: readonly Directory[]): Promise<Planes> {
  const series = { full: [full], reduced: new Map([[full, reduced]]), masks: new Map() };
  return Planes.open(arrangePlain(series), null, "image");
}

async function openOverviews(full: Full, outlines: readonly Outline[]): Promise<OuterOverviews> {
  const images = outlines.filter(({ mask }) => !mask).toSorted((a, b) => b.width - a.width);
  const [first, ...others] = images;
  if (!first) throw unreadable("it holds no image");
  const isSmaller = first.width < full.width || first.height < full.height;
  if (!isReduction(full, first) || !isSmaller) throw unreadable("its levels are no smaller versions of the image");
  const planes = await planesOf(
    first.directory,
    others.map(({ directory }) => directory),
  );
  const [level] = planes.levels;
  if (level?.dataType !== full.dataType || level.samples !== full.samples)
    throw unreadable("its levels have other channels, or another type");
  return { planes, masks: outlines.filter(({ mask }) => mask).map(({ directory }) => directory), warnings: [] };
}
