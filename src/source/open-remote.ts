import { BandloomError } from "../core/errors.ts";
import { openChannelSet } from "./channel-set/open.ts";
import { isManifest, MAX_MANIFEST_BYTES, parseChannelSet } from "./channel-set/parse.ts";
import { SERVED_CHUNK_MIB } from "./chunk-limit.ts";
import { remoteIdentity } from "./identity.ts";
import type { UrlLocation } from "./location.ts";
import { memberLocation } from "./member.ts";
import { openSource } from "./open.ts";
import { HEAD_BYTES, openByHead, openFolder } from "./open-by-kind.ts";
import type { Remote } from "./remote/types.ts";
import { type ReadSidecars, readSidecars } from "./sidecars/read.ts";
import { openRemoteStore } from "./store/remote.ts";
import { parentAddress, remoteFolder } from "./store/remote-folder.ts";
import { isDescriptor, openTiles } from "./tiles/open.ts";
import type { ImageSource, SourceContext } from "./types.ts";

const S3 = /^s3:/i;
/** OME-Zarr and tiles are many blobs below an address; which is told by its end. */
const FOLDER = /(\.zarr|\/)$/i;
/** An image behind a network, named by the catalogue or by the operator. */
export async function openRemote({ url, series }: UrlLocation, context: SourceContext): Promise<ImageSource> {
  const { remote, mostChunkMiB = SERVED_CHUNK_MIB } = context;
  if (!remote) throw new BandloomError("FORBIDDEN", "Images behind a network are not allowed here.");
  if (FOLDER.test(pathOf(url))) return openFolder(remoteFolder(remote, url), series, mostChunkMiB);
  const name = nameOf(url);
  const parent = parentAddress(url);
  if (isDescriptor(name)) return openTiles(remoteFolder(remote, parent), name);
  if (isManifest(name)) return openManifest(remote, url, parent, context);
  const siblings = () => remoteFolder(remote, parent);
  const beside: ReadSidecars = (kinds) => readSidecars(siblings(), name, kinds);
  const store = await openRemoteStore(remote, url);
  const head = await store.read(0, Math.min(HEAD_BYTES, store.size));
  return openByHead(store, head, { name, series, siblings, beside, mostChunkMiB });
}

async function openManifest(remote: Remote, url: string, base: string, context: SourceContext): Promise<ImageSource> {
  const found = await remote.get(url, MAX_MANIFEST_BYTES);
  if (!found) throw new BandloomError("NOT_FOUND", "There is no image at the address that is catalogued.");
  const set = parseChannelSet(new TextDecoder().decode(found.bytes));
  const open = (file: string) => openSource(memberLocation(file, base, null), context);
  return openChannelSet(set, open, remoteIdentity(found.stamp));
}

/** As the server sees it, without the query. */
function pathOf(url: string): string {
  return S3.test(url) ? url : new URL(url).pathname;
}

/** Names in a folder are plain text, as keys of S3 are; those of an address are encoded. */
function nameOf(url: string): string {
  const name = pathOf(url).replace(/^.*\//s, "");
  try {
    return S3.test(url) ? name : decodeURIComponent(name);
  } catch {
    return name;
  }
}
