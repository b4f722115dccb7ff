import { unreadable } from "../unreadable.ts";
import type { Directory } from "./directory.ts";
import type { ImageJStack } from "./metadata/image-j.ts";
import type { OmeMetadata } from "./metadata/ome.ts";
import { type PartName, planeIfds } from "./metadata/ome-planes.ts";
import type { Series } from "./series.ts";
import { type Outline, readOutlines } from "./shape.ts";

/** Where a plane lies: `nth` behind a directory's own (ImageJ; 0: its own), or in another file. */
export type PlanePlace = { readonly directory: Directory; readonly nth: number } | PartName;

export function isPart(place: PlanePlace): place is PartName {
  return "file" in place;
}

/** Which directories hold which planes. */
export interface Arrangement {
  readonly depth: number;
  readonly times: number;
  /** Directories side by side for the channels of one z and t; each may hold several channels as samples. */
  readonly columns: number;
  /** At (t · depth + z) · columns + column; null: nowhere. */
  readonly planes: readonly (PlanePlace | null)[];
  /** Reduced-resolution directories of the main chain, by the full one that they belong to. */
  readonly reduced: ReadonlyMap<Directory, readonly Directory[]>;
  /** Masks of the main chain in the same way. */
  readonly masks: ReadonlyMap<Directory, readonly Directory[]>;
}

/** Planes where OME-XML says (OME-TIFF specification: the IFDs of TiffData count the main chain). */
export async function arrangeOme(
  directories: readonly Directory[],
  ome: OmeMetadata,
  others: readonly OmeMetadata[],
): Promise<Arrangement> {
  const planes = planeIfds(ome, directories.length).map((place): PlanePlace | null => {
    if (typeof place !== "number") return place;
    const directory = directories[place];
    return directory ? { directory, nth: 0 } : null;
  });
  if (planes.every((one) => one === null)) throw unreadable("its OME-XML names none of its planes");
  const used = new Set(planes.flatMap((one) => (one && !isPart(one) ? [one.directory] : [])));
  const foreign = new Set(others.flatMap((other) => planeIfds(other, directories.length)));
  const rest = directories.filter((directory, index) => used.has(directory) || !foreign.has(index));
  return {
    ...{ depth: ome.sizeZ, times: ome.sizeT, columns: planes.length / (ome.sizeZ * ome.sizeT), planes },
    ...followers(await readOutlines(rest), used),
  };
}

/** What follows a full directory in the chain belongs to it. */
function followers(outlines: readonly Outline[], used: ReadonlySet<Directory>): Pick<Arrangement, "reduced" | "masks"> {
  const [reduced, masks] = [new Map<Directory, Directory[]>(), new Map<Directory, Directory[]>()];
  let owner: Directory | undefined;
  for (const { directory, mask } of outlines) {
    const map = mask ? masks : reduced;
    if (used.has(directory)) {
      owner = directory;
    } else if (owner) {
      const list = map.get(owner);
      if (list) list.push(directory);
      else map.set(owner, [directory]);
    }
  }
  return { reduced, masks };
}

/** Without OME-XML: each full directory is a channel, or several. */
export function arrangePlain({ full, reduced, masks }: Series): Arrangement {
  const planes = full.map((directory) => ({ directory, nth: 0 }));
  return { depth: 1, times: 1, columns: full.length, planes, reduced, masks };
}

/** ImageJ counts channels fastest, then slices, then frames; null where the file has other planes than its description counts. */
export function arrangeImageJ({ full, reduced, masks }: Series, stack: ImageJStack): Arrangement | null {
  const { channels, slices, frames } = stack;
  const count = channels * slices * frames;
  const [first] = full;
  if (!first || (full.length !== 1 && full.length !== count)) return null;
  const planes = Array.from({ length: count }, (_, index): PlanePlace => {
    const directory = full[index];
    return directory ? { directory, nth: 0 } : { directory: first, nth: index };
  });
  return { depth: slices, times: frames, columns: channels, planes, reduced, masks };
}

/** The masks as an image of their own: for each full directory the mask of its size, the others as its levels. Null: there are none. */
export function arrangeMasks(
  { planes, columns, masks }: Arrangement,
  isFull: (mask: Directory) => boolean,
): Arrangement | null {
  const reduced = new Map<Directory, readonly Directory[]>();
  const places = planes.slice(0, columns).map((place): PlanePlace | null => {
    const own = place && !isPart(place) ? (masks.get(place.directory) ?? []) : [];
    const full = own.find(isFull);
    if (!full) return null;
    reduced.set(
      full,
      own.filter((one) => one !== full),
    );
    return { directory: full, nth: 0 };
  });
  if (places.every((one) => one === null)) return null;
  return { depth: 1, times: 1, columns, planes: places, reduced, masks: new Map() };
}
