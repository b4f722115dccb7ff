import { remoteIdentity } from "../identity.ts";
import { isUrl } from "../location.ts";
import type { Remote } from "../remote/types.ts";
import type { Folder, Store, WholeBlob } from "../types.ts";
import { isPlainPath } from "./paths.ts";
import { openRemoteStore } from "./remote.ts";

/** Blobs below an address. Its query, where it has one (a signature), stays with each of them. */
export function remoteFolder(remote: Remote, url: string): Folder {
  const addressOf = (path: string) => (isPlainPath(path) ? addressBelow(url, path) : null);
  return {
    remote: true,
    async get(path, limit, signal): Promise<WholeBlob | null> {
      const address = addressOf(path);
      const found = address === null ? null : await remote.get(address, limit, signal);
      return found && { bytes: found.bytes, identity: remoteIdentity(found.stamp) };
    },
    async open(path, signal): Promise<Store | null> {
      const address = addressOf(path);
      if (address === null || !(await remote.open(address, signal))) return null;
      return openRemoteStore(remote, address, signal);
    },
    list: () => null,
    close: () => {},
  };
}

/** The address of a blob below a folder's. Keys of S3 are plain text, paths of URLs are encoded. */
export function addressBelow(folder: string, path: string): string {
  if (!isUrl(folder)) throw new Error("This is no address.");
  if (/^s3:/i.test(folder)) return `${folder.replace(/\/$/, "")}/${path}`;
  const url = new URL(folder);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${path.split("/").map(encodeURIComponent).join("/")}`;
  return url.href;
}

/** The address of the folder that a blob lies in. */
export function parentAddress(blob: string): string {
  if (/^s3:/i.test(blob)) return blob.slice(0, blob.lastIndexOf("/"));
  const url = new URL(blob);
  url.pathname = url.pathname.slice(0, url.pathname.lastIndexOf("/") + 1);
  return url.href;
}
