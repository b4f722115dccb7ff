import { isFloat, planeTypeOf, valueRange } from "../core/dtype.ts";
import type { ChannelInfo } from "../source/index.ts";
import type { NamedSource } from "./joined.ts";
import { storedChunk } from "./stored-chunk.ts";

/**
 * How samples stay as they are stored, with what tells which of them are data beside them: by the alpha that the source has, or by one that is
 * made of its mask. `opaque` is its number for data.
 */
export type KeptOpacity =
  | { readonly kind: "own"; readonly channel: number; readonly isMultiplied: boolean }
  | { readonly kind: "made"; readonly opaque: number };

/** Channels that are in the file: of those that its reader makes of them it makes others. */
export function storedChannels({ source }: NamedSource): readonly ChannelInfo[] {
  return source.info.channels.filter(({ derived }) => !derived);
}

/**
 * Null: nothing is masked, or one opacity does not say it. It is over all channels, so that they must be of one source; a mask may be
 * another for each group of channels, and a palette has no place beside an alpha.
 */
export function keptOpacity(sources: readonly NamedSource[]): KeptOpacity | null {
  const [only, ...others] = sources;
  if (!only || others.length > 0) return null;
  const channels = storedChannels(only);
  if (!channels.every(({ masked }) => masked) || !isStoredBeneath(only, channels)) return null;
  // Formats that say nothing of their colors have no masks.
  const mask = only.colors?.mask ?? "none";
  const alphas = channels.flatMap(({ alpha }, channel) => (alpha ? [channel] : []));
  const [channel] = alphas;
  if (channel !== undefined) {
    const isOnly = alphas.length === 1 && channels.length > 1 && mask === "none";
    return isOnly ? { kind: "own", channel, isMultiplied: only.colors?.isMultiplied ?? false } : null;
  }
  const groups = new Set(channels.map(({ index }) => only.source.locate(index).group));
  const [first] = channels;
  const isPlain = channels.every(({ dataType, classes, name }) => !isFloat(dataType) && !classes && name !== "alpha");
  if (!first || groups.size > 1 || !isPlain || mask !== "one") return null;
  return { kind: "made", opaque: valueRange(planeTypeOf(first.dataType))[1] };
}

/** Whether all channels can be read as they are stored. */
function isStoredBeneath({ source }: NamedSource, channels: readonly ChannelInfo[]): boolean {
  return channels.every(({ index }) => {
    const ref = { level: 0, group: source.locate(index).group, z: 0, t: 0, x: 0, y: 0 };
    return storedChunk(source, ref).source.info.channels[index]?.masked === false;
  });
}
