import { unreadable } from "../unreadable.ts";
import type { Directory } from "./directory.ts";
import { type OmeMetadata, planeIfds } from "./metadata/ome.ts";
import { SUBFILE, TAG } from "./tags.ts";

/** Which directories hold which planes. */
export interface Arrangement {
  readonly depth: number;
  readonly times: number;
  /** Directories side by side for the channels of one z and t; each may hold several channels as samples. */
  readonly columns: number;
  /** At (t · depth + z) · columns + column; null: not in this file. */
  readonly planes: readonly (Directory | null)[];
  /** Reduced-resolution directories of the main chain, by the offset of the full one that they follow. */
  readonly reduced: ReadonlyMap<number, readonly Directory[]>;
  readonly warnings: readonly string[];
}

/** Planes where OME-XML says (OME-TIFF specification: the IFDs of TiffData count the main chain). */
export async function arrangeOme(directories: readonly Directory[], ome: OmeMetadata): Promise<Arrangement> {
  const ifds = planeIfds(ome, directories.length);
  const planes = ifds.map((ifd) => (ifd === null ? null : (directories[ifd] ?? null)));
  if (planes.every((one) => one === null)) throw unreadable("its OME-XML puts all planes into other files");
  const missing = planes.filter((one) => one === null).length;
  const used = new Set(planes);
  const rest = await reducedOf(directories, (directory) => used.has(directory));
  return {
    depth: ome.sizeZ,
    times: ome.sizeT,
    columns: planes.length / (ome.sizeZ * ome.sizeT),
    planes,
    reduced: rest.reduced,
    warnings: missing > 0 ? [`${missing} of its ${planes.length} planes are in other files and cannot be read.`] : [],
  };
}

/** Without OME-XML: each directory of the first one's size is a channel, or several; what is smaller belongs to its pyramid. */
export async function arrangePlain(directories: readonly Directory[]): Promise<Arrangement> {
  const [first] = directories;
  if (!first) throw unreadable("it holds no image");
  const size = await sizeOf(first);
  const full = new Set<Directory>([first]);
  for (const directory of directories) {
    if (((await directory.number(TAG.newSubfileType, 0)) & (SUBFILE.reduced | SUBFILE.mask)) !== 0) continue;
    if ((await sizeOf(directory)) === size) full.add(directory);
  }
  const { reduced, masks } = await reducedOf(directories, (directory) => full.has(directory));
  return {
    depth: 1,
    times: 1,
    columns: full.size,
    planes: [...full],
    reduced,
    warnings: masks > 0 ? ["It has a mask, which is not applied."] : [],
  };
}

async function reducedOf(
  directories: readonly Directory[],
  isFull: (directory: Directory) => boolean,
): Promise<{ readonly reduced: ReadonlyMap<number, readonly Directory[]>; readonly masks: number }> {
  const reduced = new Map<number, Directory[]>();
  let owner: Directory | undefined;
  let masks = 0;
  for (const directory of directories) {
    if (isFull(directory)) owner = directory;
    else if (((await directory.number(TAG.newSubfileType, 0)) & SUBFILE.mask) !== 0) masks++;
    else if (owner) {
      const list = reduced.get(owner.offset);
      if (list) list.push(directory);
      else reduced.set(owner.offset, [directory]);
    }
  }
  return { reduced, masks };
}

async function sizeOf(directory: Directory): Promise<string> {
  return `${await directory.number(TAG.imageWidth, 0)} × ${await directory.number(TAG.imageLength, 0)}`;
}
