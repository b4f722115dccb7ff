import type { ImageInfo } from "../types.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import { isPart } from "./arrangement.ts";
import type { Page } from "./page.ts";
import type { Planes } from "./planes.ts";

/** Tiles and strips that are looked at when an image is opened: a millisecond. */
const MOST_BLOCKS = 2 ** 17;
/** What opening a remote file has read anyway. */
const REMOTE_BEGINNING = 65_536;

/** Tiles or strips that were never written, as far as they were looked for. */
export interface Unwritten {
  readonly count: number;
  readonly warnings: readonly ImageWarning[];
}

/**
 * Looks through the indices of the first planes of all channels and levels, the finest first, as many as may be read for it. A file that
 * leaves tiles out has byte counts of 0 for them. Behind a network indices count that lie in the beginning of the file: no request is made.
 */
export async function findUnwritten(planes: Planes, isRemote: boolean): Promise<Unwritten> {
  const { columns, planes: places } = planes.arrangement;
  let rest = MOST_BLOCKS;
  let [count, total] = [0, 0];
  for (let level = 0; level < planes.levels.length; level++)
    for (let column = 0; column < columns; column++) {
      const place = places[column];
      const model = planes.levels[level];
      const blocks = model ? blocksOf(model) : 0;
      if (!place || isPart(place) || blocks > rest) continue;
      const { byteCounts } = await planes.page(level, column, 0, 0);
      if (!byteCounts?.zeros || (isRemote && (byteCounts.end ?? 0) > REMOTE_BEGINNING)) continue;
      rest -= blocks;
      total += blocks;
      count += await byteCounts.zeros(blocks);
    }
  return { count, warnings: count === 0 ? [] : [warning(count, total)] };
}

/** Whether samples can say of themselves that they are no data. */
export function canSayNoData({ channels }: ImageInfo): boolean {
  return channels.every(({ dataType, nodata }) => nodata !== null || dataType.startsWith("float"));
}

function blocksOf({ blocks, separate, samples }: Page): number {
  return blocks.columns * blocks.rows * (separate ? samples : 1);
}

function warning(count: number, total: number): ImageWarning {
  const message = `${count} of its ${total} tiles or strips were never written: they have no data. Give a no-data value where they mean one: gdal_edit.py -a_nodata.`;
  return imageWarning("CHUNKS_MISSING", message);
}
