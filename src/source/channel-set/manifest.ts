import type { ChannelInfo } from "../types.ts";

/** One image made of several files, as its manifest says. Plain data, checked. */
export interface ChannelSet {
  readonly name: string | null;
  readonly description: string | null;
  /** Of channels of which nothing else is said; null: as their files tell. */
  readonly kind: ChannelInfo["kind"] | null;
  readonly members: readonly ChannelSetMember[];
}

/** How a file of another resolution is read where the pixels of the set lie between its own. */
export const RESAMPLINGS = ["bilinear", "nearest"] as const;
export type Resampling = (typeof RESAMPLINGS)[number];

export interface ChannelSetMember {
  /** Path relative to the manifest, or a URL. */
  readonly file: string;
  /** `bilinear` yields float32, `nearest` numbers of the file's own type. */
  readonly resampling: Resampling;
  /** Which channels of the file, in order; each with what the manifest says in place of what the file says. Null: all, as the file has them. */
  readonly channels: readonly ChannelOverride[] | null;
}

export interface ChannelOverride {
  /** Channel of the member: from 0; by its name, or in digits from 1; null: the only one that the file has. */
  readonly channel: number | string | null;
  readonly name: string | null;
  readonly wavelengthNm: number | null;
  readonly color: string | null;
  readonly nodata: number | null;
  readonly unit: string | null;
  readonly scale: number | null;
  readonly offset: number | null;
  readonly window: readonly [low: number, high: number] | null;
  readonly kind: ChannelInfo["kind"] | null;
}

/** Files of one set: each is opened, and stays open. */
export const MAX_MEMBERS = 256;
/** Channels of one set: descriptions stay within a megabyte. */
export const MAX_CHANNELS = 4096;
