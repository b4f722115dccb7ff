import type { Directory } from "./directory.ts";
import { isReduction, type Outline, readOutlines } from "./shape.ts";

/** Directories of one image of a file without OME-XML. */
export interface Series {
  /** Planes of full resolution, side by side. */
  readonly full: readonly Directory[];
  /** Coarser versions, and masks, by the full directory that they belong to. */
  readonly reduced: ReadonlyMap<Directory, readonly Directory[]>;
  readonly masks: ReadonlyMap<Directory, readonly Directory[]>;
}

interface Draft {
  readonly head: Outline;
  readonly full: Directory[];
  readonly reduced: Map<Directory, Outline[]>;
  readonly masks: Map<Directory, Directory[]>;
}

/**
 * The images of a chain of directories, the first one first. Directories of one size and type are channels of one image; a smaller one
 * of the same aspect and type is a level of its pyramid; anything else (label, macro, thumbnail) is an image of its own. With `largestFirst`
 * the image of the most pixels comes first.
 */
export async function readSeries(directories: readonly Directory[], largestFirst = false): Promise<readonly Series[]> {
  const drafts: Draft[] = [];
  const byShape = new Map<string, Draft>();
  let current: Draft | undefined;
  for (const outline of await readOutlines(directories)) {
    const shape = `${outline.width}/${outline.height}/${outline.kind}`;
    const same = byShape.get(shape);
    if (outline.mask) {
      if (current) append(current.masks, lastFull(current), outline.directory);
      continue;
    }
    if (same) {
      current = same;
      if (!outline.reduced) same.full.push(outline.directory);
      continue;
    }
    // The main image of slide scanners comes first, and some put a thumbnail between it and its levels.
    const owner = [current, drafts[0]].find((draft) => draft && isLevel(draft.head, outline));
    if (owner) {
      append(owner.reduced, lastFull(owner), outline);
      current = owner;
    } else {
      current = { head: outline, full: [outline.directory], reduced: new Map(), masks: new Map() };
      drafts.push(current);
      byShape.set(shape, current);
    }
  }
  const area = ({ head }: Draft) => head.width * head.height;
  if (largestFirst) drafts.sort((a, b) => area(b) - area(a));
  return drafts.map(({ full, reduced, masks }) => ({ full, reduced: sharedOut(full, reduced), masks }));
}

function isLevel(head: Outline, outline: Outline): boolean {
  return head.kind === outline.kind && isReduction(head, outline);
}

function lastFull({ full, head }: Draft): Directory {
  return full.at(-1) ?? head.directory;
}

function append<T>(map: Map<Directory, T[]>, key: Directory, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Where all planes come before all levels, each level has as many directories as there are planes, in their order. */
function sharedOut(
  full: readonly Directory[],
  reduced: ReadonlyMap<Directory, readonly Outline[]>,
): ReadonlyMap<Directory, readonly Directory[]> {
  const shared = new Map<Directory, Directory[]>();
  const last = full.at(-1);
  const together = full.length > 1 && reduced.size === 1 && last !== undefined && reduced.has(last);
  for (const [owner, outlines] of reduced) {
    const seen = new Map<string, number>();
    for (const { directory, width, height } of outlines) {
      const size = `${width}/${height}`;
      const place = seen.get(size) ?? 0;
      seen.set(size, place + 1);
      append(shared, together ? (full[place] ?? owner) : owner, directory);
    }
  }
  return shared;
}
