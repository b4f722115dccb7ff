import type { Directory } from "./directory.ts";
import { SUBFILE, TAG } from "./tags.ts";

/** What tells whether directories belong together, before they are checked. */
export interface Outline {
  readonly directory: Directory;
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  /** Type of the samples and how they lie. */
  readonly kind: string;
  readonly reduced: boolean;
  readonly mask: boolean;
}

interface Sides {
  readonly width: number;
  readonly height: number;
}

/** Directories that are looked at in parallel: enough to travel together, few enough to leave no heap of promises. */
const TOGETHER = 256;

export async function readOutlines(directories: readonly Directory[]): Promise<readonly Outline[]> {
  const outlines: Outline[] = [];
  for (let at = 0; at < directories.length; at += TOGETHER)
    outlines.push(...(await Promise.all(directories.slice(at, at + TOGETHER).map(readOutline))));
  return outlines;
}

async function readOutline(directory: Directory): Promise<Outline> {
  const [flags, width, height, samples, planar, bits, format] = await Promise.all([
    directory.number(TAG.newSubfileType, 0),
    directory.number(TAG.imageWidth, 0),
    directory.number(TAG.imageLength, 0),
    directory.number(TAG.samplesPerPixel, 1),
    directory.number(TAG.planarConfiguration, 1),
    directory.number(TAG.bitsPerSample, 1),
    directory.number(TAG.sampleFormat, 1),
  ]);
  return {
    ...{ directory, width, height, samples },
    kind: `${samples}/${bits}/${format}/${samples > 1 ? planar : 1}`,
    reduced: (flags & SUBFILE.reduced) !== 0,
    mask: (flags & SUBFILE.mask) !== 0,
  };
}

/** Sides divided by the same number and rounded either way; a label or a macro picture beside the image has another aspect. */
export function isReduction(full: Sides, reduced: Sides): boolean {
  if (!(reduced.width <= full.width && reduced.height <= full.height)) return false;
  const scale = Math.max(full.width / reduced.width, full.height / reduced.height);
  const fits = (whole: number, part: number) => Math.abs(whole / scale - part) <= 1.5;
  return (
    reduced.width > 0 && reduced.height > 0 && fits(full.width, reduced.width) && fits(full.height, reduced.height)
  );
}
