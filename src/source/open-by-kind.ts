import { assertNotForeign } from "./foreign.ts";
import { looksLikeZarr, openOmeZarr } from "./ome-zarr/open.ts";
import { openPlain, plainKind } from "./plain/open.ts";
import type { ReadSidecars } from "./sidecars/read.ts";
import { zipFolder } from "./store/zip-folder.ts";
import { openTiff } from "./tiff/open.ts";
import { openTiles, tilesDescriptor } from "./tiles/open.ts";
import type { Folder, ImageSource, Store } from "./types.ts";
import { unreadable } from "./unreadable.ts";

/** First bytes that tell every kind of file. */
export const HEAD_BYTES = 64;

export interface FileOptions {
  /** Without its folder. */
  readonly name: string;
  readonly series: number;
  /** The folder that the file lies in. */
  readonly siblings: () => Folder;
  /** Reads what lies beside it. */
  readonly beside: ReadSidecars;
  readonly mostChunkMiB: number;
}

/** An image in one file, by its first bytes. */
export async function openByHead(
  store: Store,
  head: Uint8Array,
  { name, series, siblings, beside, mostChunkMiB }: FileOptions,
): Promise<ImageSource> {
  assertNotForeign(name, head);
  if (isTiff(head)) return openTiff(store, { series, siblings: siblings(), beside, mostChunkMiB });
  if (isZip(head)) return openOmeZarr(await zipFolder(store), series, mostChunkMiB);
  if (plainKind(head) !== null) return openPlain(store, beside);
  throw unreadable(
    "it is none of the kinds that can be read: TIFF, OME-Zarr, tiles of a pyramid, JPEG, PNG, WebP, AVIF, GIF, or a channel set",
  );
}

/** A folder that is an image. */
export async function openFolder(folder: Folder, series: number, mostChunkMiB: number): Promise<ImageSource> {
  if (await looksLikeZarr(folder)) return openOmeZarr(folder, series, mostChunkMiB);
  const descriptor = await tilesDescriptor(folder);
  if (descriptor !== null) return openTiles(folder, descriptor);
  throw unreadable("its folder holds no OME-Zarr and no tiles of a pyramid");
}

/** TIFF 6.0 and BigTIFF, either byte order. */
function isTiff([a, b, c, d]: Uint8Array): boolean {
  const order = a === b ? a : 0;
  if (order === 0x49) return (c === 42 || c === 43) && d === 0;
  return order === 0x4d && c === 0 && (d === 42 || d === 43);
}

function isZip([a, b, c, d]: Uint8Array): boolean {
  return a === 0x50 && b === 0x4b && c === 3 && d === 4;
}
