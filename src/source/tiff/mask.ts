import { BandloomError } from "../../core/errors.ts";
import { plainChannel, plainImage } from "../plain-info.ts";
import { unreadable } from "../unreadable.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import { type Arrangement, arrangeMasks, isPart } from "./arrangement.ts";
import { storedLevel } from "./describe.ts";
import type { Directory } from "./directory.ts";
import type { Mask } from "./masked.ts";
import { childDirectories, Planes } from "./planes.ts";
import { readOutlines } from "./shape.ts";
import { type TiffMedium, TiffSource } from "./source.ts";
import { SUBFILE, TAG } from "./tags.ts";

export interface FoundMask {
  readonly mask: Mask | null;
  readonly warnings: readonly ImageWarning[];
}

/**
 * The transparency masks of an image (TIFF 6.0, NewSubfileType 4); `coarse` are masks of its levels in another file. Null: it has none. One that
 * cannot be applied is told, for pixels can be read without it.
 */
export async function readMask(
  planes: Planes,
  medium: TiffMedium,
  coarse: readonly Directory[] = [],
): Promise<FoundMask | null> {
  const masks = await allMasks(planes.arrangement, coarse);
  if (masks.size === 0) return null;
  try {
    return { mask: await openMask(planes, masks, medium), warnings: [] };
  } catch (error) {
    if (!(error instanceof BandloomError) || error.code !== "SOURCE_UNREADABLE") throw error;
    return { mask: null, warnings: [imageWarning("MASK_NOT_APPLIED", notApplied(error))] };
  }
}

function notApplied({ message }: BandloomError): string {
  return `It has a mask, which is not applied: nothing is transparent. ${message} Write it anew with gdal_translate.`;
}

async function openMask(planes: Planes, masks: Arrangement["masks"], medium: TiffMedium): Promise<Mask> {
  const [full] = planes.levels;
  const { arrangement } = planes;
  if (!full || arrangement.depth * arrangement.times > 1) throw unreadable("its planes are a stack");
  const outlines = await readOutlines([...masks.values()].flat());
  const fitting = new Set(
    outlines.filter(({ width, height }) => width === full.width && height === full.height).map((one) => one.directory),
  );
  const own = arrangeMasks({ ...arrangement, masks }, (mask) => fitting.has(mask));
  if (!own) throw unreadable("its mask has another size");
  const found = await Planes.open(own, null, "mask");
  const [first] = found.levels;
  if (first?.samples !== 1 || (first.dataType !== "bit" && first.dataType !== "uint8"))
    throw unreadable("its mask is not of one channel of 1 or 8 bits");
  const channel = plainChannel({ index: 0, name: "mask", dataType: first.dataType });
  const levels = found.levels.map(storedLevel);
  const info = plainImage({ format: "TIFF", width: full.width, height: full.height, channels: [channel], levels });
  const groups = full.separate ? full.samples : 1;
  return {
    source: new TiffSource(info, found, medium),
    planesOf: (group) => {
      const column = Math.floor(group / groups);
      return own.planes[column] ? [{ group: column, sample: 0, over: null }] : [];
    },
  };
}

/** Of the main chain; where the first directory has masks among its SubIFDs, those too. */
async function allMasks(
  { planes, columns, masks }: Arrangement,
  coarse: readonly Directory[],
): Promise<Arrangement["masks"]> {
  const all = new Map(masks);
  for (const place of planes.slice(0, columns)) {
    if (!place || isPart(place)) continue;
    const children = await maskChildren(place.directory);
    if (children.length === 0) break;
    all.set(place.directory, [...children, ...(all.get(place.directory) ?? [])]);
  }
  const [first] = planes;
  const own = first && !isPart(first) ? all.get(first.directory) : undefined;
  if (own && first && !isPart(first)) all.set(first.directory, [...own, ...coarse]);
  return all;
}

async function maskChildren(directory: Directory): Promise<readonly Directory[]> {
  const children = await childDirectories(directory);
  const flags = await Promise.all(children.map((child) => child.number(TAG.newSubfileType, 0)));
  return children.filter((_, index) => ((flags[index] ?? 0) & SUBFILE.mask) !== 0);
}
