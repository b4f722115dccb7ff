import type { ImageInfo, ImageSource, StoredLevel } from "../types.ts";
import { isAligned, type Placement } from "./align.ts";
import { type Member, memberLevel } from "./group.ts";
import { isIdentity, isNear, levelSource } from "./levels.ts";
import type { Resampling } from "./manifest.ts";

/** A member, and where it lies on the grid of the finest. */
export interface Placed {
  readonly source: ImageSource;
  readonly placement: Placement;
  /** How it is read where its pixels are not those of the set. */
  readonly resampling: Resampling;
}

/**
 * Levels of the finest file that the set has: those for which all files have one that is neither much finer nor, where files are of the same
 * size, another one. The rest are means of the level before, as of any image.
 */
export function commonLevels(full: ImageInfo, members: readonly Placed[]): readonly StoredLevel[] {
  return full.levels.filter((level, index) => index === 0 || members.every((member) => serves(full, level, member)));
}

function serves(full: ImageInfo, level: StoredLevel, { source: { info }, placement }: Placed): boolean {
  const from = levelSource(full, level, info.levels, placement);
  if (!isAligned(placement, info, full)) return isNear(from);
  const stored = info.levels[from.level];
  return isIdentity(from) && stored?.width === level.width && stored.height === level.height;
}

export function memberOn(
  full: ImageInfo,
  levels: readonly StoredLevel[],
  { source, placement, resampling }: Placed,
): Member {
  const { info } = source;
  const exact = isAligned(placement, info, full);
  return {
    source,
    reading: exact ? "exact" : resampling,
    levels: levels.map((level) => {
      const from = levelSource(full, level, info.levels, placement);
      return memberLevel(from, info.levels[from.level], level, exact);
    }),
  };
}
