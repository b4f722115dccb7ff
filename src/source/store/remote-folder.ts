import { posix } from "node:path";
import { BandloomError } from "../../core/errors.ts";
import { remoteIdentity } from "../identity.ts";
import type { Remote } from "../remote/types.ts";
import type { Folder, Store, WholeBlob } from "../types.ts";
import { isPlainPath } from "./paths.ts";
import { remoteStore } from "./remote.ts";

const S3 = /^s3:/i;

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
    async open(path, signal, tail): Promise<Store | null> {
      const address = addressOf(path);
      const stamp = address === null ? null : await remote.open(address, signal, tail);
      return stamp && remoteStore(remote, stamp);
    },
    absent: (paths) => ({ absentRemote: paths.map(addressOf).filter((address) => address !== null) }),
    list: () => null,
    chunks: async () => null,
    close: () => {},
  };
}

/** The address of a blob below a folder's. Keys of S3 are plain text, paths of URLs are encoded. NOT_FOUND for a path that would leave the folder. */
export function addressBelow(folder: string, file: string): string {
  const path = posix.normalize(file);
  if (!isPlainPath(path)) throw new BandloomError("NOT_FOUND", "A file of this image is not in its folder.");
  if (S3.test(folder)) return `${folder.replace(/\/$/, "")}/${path}`;
  const url = new URL(folder);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${path.split("/").map(encodeURIComponent).join("/")}`;
  return url.href;
}

/** The address of the folder that a blob lies in. */
export function parentAddress(blob: string): string {
  if (S3.test(blob)) return blob.slice(0, blob.lastIndexOf("/"));
  const url = new URL(blob);
  url.pathname = url.pathname.slice(0, url.pathname.lastIndexOf("/") + 1);
  return url.href;
}
