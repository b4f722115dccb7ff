import { unreadable } from "../unreadable.ts";
import { type Directory, readDirectory } from "./directory.ts";
import type { TiffFile } from "./file.ts";

/** A plane each: an image of many channels, z and t may have thousands. */
const MAX_DIRECTORIES = 20_000;

/** Fields of all directories together, some fifty each: directories may lie over each other, and each keeps its own. */
const MAX_ENTRIES = 1_000_000;

/** The directories of a file in their order. SOURCE_UNREADABLE for a chain that comes back to itself, or has no end. */
export async function readChain(file: TiffFile, first: number): Promise<readonly Directory[]> {
  const directories: Directory[] = [];
  const seen = new Set<number>();
  let entries = 0;
  for (let offset = first; offset !== 0; ) {
    if (seen.has(offset)) throw unreadable("its directories form a loop");
    if (directories.length >= MAX_DIRECTORIES) throw unreadable(`it has more than ${MAX_DIRECTORIES} directories`);
    seen.add(offset);
    const directory = await readDirectory(file, offset);
    entries += directory.size;
    if (entries > MAX_ENTRIES) throw unreadable(`its directories have more than ${MAX_ENTRIES} fields`);
    directories.push(directory);
    offset = directory.next;
  }
  if (directories.length === 0) throw unreadable("it holds no image");
  return directories;
}
