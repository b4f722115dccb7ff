import { USEFUL, type UsefulKind } from "../sidecars/look.ts";
import type { Sidecars } from "../sidecars/read.ts";
import { sidecarNotRead } from "../sidecars/warning.ts";
import type { ImageInfo, ImageSource } from "../types.ts";
import type { ImageWarning } from "../warnings.ts";
import type { Arrangement } from "./arrangement.ts";
import { readGeo } from "./describe.ts";
import { JoinedLevels } from "./joined-levels.ts";
import { type FoundMask, readMask } from "./mask.ts";
import { parseGeo } from "./metadata/geo.ts";
import { readOuterMask } from "./outer-mask.ts";
import { type OuterOverviews, readOuterOverviews } from "./outer-overviews.ts";
import type { Planes } from "./planes.ts";
import { type TiffMedium, TiffSource } from "./source.ts";
import { SparseSource } from "./sparse.ts";
import { canSayNoData, findUnwritten } from "./unwritten.ts";

/** What counts of pixels beside the planes themselves, in the file and in others. */
export interface Outer {
  /** Coarse levels in a file beside it. */
  readonly overviews: Planes | null;
  readonly mask: FoundMask["mask"];
  readonly bands: Sidecars["bands"];
  /** Tiles and strips that were never written. */
  readonly unwritten: number;
  readonly warnings: readonly ImageWarning[];
}

/** What may be of use beside a file: levels count where it has none of its own, as for GDAL, and world files where it tells no place. */
export async function usefulBeside(planes: Planes): Promise<readonly UsefulKind[]> {
  const { georeference } = parseGeo(await readGeo(planes.ownDirectory(0)));
  return USEFUL.filter((kind) => {
    if (kind === "overviews") return planes.levels.length === 1;
    return kind !== "world" || georeference === null;
  });
}

/** The mask of an image, and what lies in files beside it. */
export async function readOuter(planes: Planes, sidecars: Sidecars, medium: TiffMedium): Promise<Outer> {
  const [full] = planes.levels;
  if (!full) return { overviews: null, mask: null, bands: [], unwritten: 0, warnings: [] };
  const { mostChunkMiB } = full.file;
  const why = otherImage(planes.arrangement);
  const { planes: overviews, ...coarse }: OuterOverviews = await readOuterOverviews(full, sidecars, mostChunkMiB, why);
  const own = await readMask(planes, medium, coarse.masks);
  const locate = (channel: number) => (full.separate ? { group: channel, sample: 0 } : { group: 0, sample: channel });
  const image = { width: full.width, height: full.height, channels: full.samples, locate };
  const found = await readOuterMask(
    image,
    sidecars,
    medium,
    mostChunkMiB,
    why ?? (own && "the file has one of its own"),
  );
  const all = await Promise.all([planes, overviews].map((one) => one && findUnwritten(one, medium.remote)));
  const unwritten = all.filter((one) => one !== null);
  const isLost = why !== null && sidecars.bands.length > 0;
  return {
    overviews,
    mask: own?.mask ?? found.mask,
    bands: why === null ? sidecars.bands : [],
    unwritten: unwritten.reduce((sum, { count }) => sum + count, 0),
    warnings: [
      ...(own?.warnings ?? []),
      ...unwritten.flatMap((one) => one.warnings),
      ...coarse.warnings,
      ...found.warnings,
      ...(isLost ? [sidecarNotRead("metadata", why)] : []),
      ...sidecars.warnings,
    ],
  };
}

/** GDAL's files beside an image are of its first directory. */
function otherImage({ depth, times, columns }: Arrangement): string | null {
  return depth * times * columns > 1 ? "it is of one directory, and the image has several" : null;
}

/** The planes of an image and of its coarse levels in another file; NaN where nothing was written and no number says so. */
export function joinedSource(info: ImageInfo, planes: Planes, outer: Outer, medium: TiffMedium): ImageSource {
  const { overviews, unwritten } = outer;
  const isSparse = unwritten > 0 && !canSayNoData(info);
  const fine = new TiffSource({ ...info, levels: info.levels.slice(0, planes.levels.length) }, planes, medium);
  if (!overviews) return isSparse ? new SparseSource(fine) : fine;
  const coarse = new TiffSource({ ...info, levels: info.levels.slice(planes.levels.length) }, overviews, medium);
  const stored = new JoinedLevels(fine, coarse);
  return isSparse ? new JoinedLevels(new SparseSource(fine), new SparseSource(coarse), stored) : stored;
}
