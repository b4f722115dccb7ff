import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { BandloomError } from "../core/errors.ts";
import { openChannelSet } from "./channel-set/open.ts";
import { isManifest, MAX_MANIFEST_BYTES, parseChannelSet } from "./channel-set/parse.ts";
import { SERVED_CHUNK_MIB } from "./chunk-limit.ts";
import type { PathLocation } from "./location.ts";
import { memberLocation } from "./member.ts";
import { openSource } from "./open.ts";
import { HEAD_BYTES, openByHead, openFolder } from "./open-by-kind.ts";
import { type ReadSidecars, readSidecars } from "./sidecars/read.ts";
import { openFile } from "./store/file.ts";
import { localFolder } from "./store/local-folder.ts";
import { isDescriptor, openTiles } from "./tiles/open.ts";
import type { ImageSource, SourceContext } from "./types.ts";

/** An image of this machine: a file, a folder that is one, or a manifest. */
export async function openLocal(location: PathLocation, context: SourceContext): Promise<ImageSource> {
  const { path, root, series } = location;
  const { mostChunkMiB = SERVED_CHUNK_MIB } = context;
  if (isFolder(path)) return openFolder(localFolder(path, root), series, mostChunkMiB);
  if (isManifest(path)) return openManifest(location, context);
  const siblings = () => localFolder(dirname(path), root);
  if (isDescriptor(basename(path))) return openTiles(siblings(), basename(path));
  const store = openFile(path);
  try {
    const head = store.read(0, Math.min(HEAD_BYTES, store.size));
    const beside: ReadSidecars = (kinds) => readSidecars(siblings(), basename(path), kinds);
    return await openByHead(store, await head, { name: basename(path), series, siblings, beside, mostChunkMiB });
  } catch (error) {
    await store.close();
    throw error;
  }
}

function isFolder(path: string): boolean {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats) return stats.isDirectory();
  } catch (error) {
    throw new BandloomError("NOT_FOUND", "There is no such file.", { cause: error });
  }
  throw new BandloomError("NOT_FOUND", "There is no such file.");
}

async function openManifest({ path, root }: PathLocation, context: SourceContext): Promise<ImageSource> {
  const folder = dirname(path);
  const found = await localFolder(folder, root ?? folder).get(basename(path), MAX_MANIFEST_BYTES);
  if (!found) throw new BandloomError("NOT_FOUND", "There is no such file.");
  const set = parseChannelSet(new TextDecoder().decode(found.bytes));
  const open = (file: string) => openSource(memberLocation(file, folder, root), context);
  return openChannelSet(set, open, found.identity);
}
