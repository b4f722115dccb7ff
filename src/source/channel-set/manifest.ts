/** One image made of several files, as its manifest says. Plain data, checked. */
export interface ChannelSet {
  readonly name: string | null;
  readonly description: string | null;
  readonly members: readonly ChannelSetMember[];
}

export interface ChannelSetMember {
  /** Path relative to the manifest, or a URL. */
  readonly file: string;
  /** Which channels of the file, in order; each with what the manifest says in place of what the file says. */
  readonly channels: readonly ChannelOverride[];
}

export interface ChannelOverride {
  /** Channel of the member, from 0. */
  readonly channel: number;
  readonly name: string | null;
  readonly wavelengthNm: number | null;
  readonly color: string | null;
  readonly nodata: number | null;
  readonly unit: string | null;
  readonly scale: number | null;
  readonly offset: number | null;
  readonly window: readonly [low: number, high: number] | null;
}
