import type { ChannelSet } from "./channel-set/manifest.ts";
import type { ChannelInfo } from "./types.ts";

/** Where an image lies. Plain data: it crosses threads. It holds paths and addresses, and is never shown to clients. */
export type Location = PathLocation | UrlLocation | SetLocation;

/** A file, or a folder that is an image (OME-Zarr, tiles). */
export interface PathLocation {
  readonly kind: "path";
  /** Absolute. */
  readonly path: string;
  /** Absolute folder that files named inside the image may not leave; null: only the image's own folder. */
  readonly root: string | null;
  /** Which image of a file that holds several, from 0. */
  readonly series: number;
  /** Left out: channels are of the kinds that the file tells. */
  readonly kinds?: ChannelKinds;
}

/** What the catalogue says of channels in place of the file: they are codes, or are not. */
export interface ChannelKinds {
  /** Of all others; null: as the file tells. */
  readonly all: ChannelInfo["kind"] | null;
  /** By name, or number from 1. */
  readonly by: Readonly<Record<string, ChannelInfo["kind"]>>;
}

export interface UrlLocation {
  readonly kind: "url";
  /** `https:`, `http:` or `s3:`; an address with `{z}`, `{x}` and `{y}` is a folder of tiles. */
  readonly url: string;
  readonly series: number;
  /** As PathLocation's. */
  readonly kinds?: ChannelKinds;
}

/** One image made of several. */
export interface SetLocation {
  readonly kind: "set";
  readonly set: ChannelSet;
  /** Members' paths and addresses are relative to it: an absolute folder, or a URL that ends in a slash. */
  readonly base: string;
  /** As PathLocation's, for members that are files. */
  readonly root: string | null;
}

/** Equal for equal locations. */
export function locationKey(location: Location): string {
  return JSON.stringify(location);
}

/** Reading it waits for a network, not for a disk. */
export function isRemote(location: Location): boolean {
  if (location.kind === "path") return false;
  if (location.kind === "url") return true;
  return isUrl(location.base) || location.set.members.some(({ file }) => isUrl(file));
}

export function isUrl(text: string): boolean {
  return /^(https?|s3):\/\//i.test(text);
}

/** A file or folder of this machine; see PathLocation. */
export function localPath(path: string, root: string | null = null, series = 0): PathLocation {
  return { kind: "path", path, root, series };
}
