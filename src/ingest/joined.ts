import { isFloat, type PlaneType, planeTypeOf, valueRange } from "../core/dtype.ts";
import { BandloomError } from "../core/errors.ts";
import type { Size } from "../core/geometry.ts";
import type { ChannelInfo, ImageInfo, ImageSource, StoredColors } from "../source/index.ts";
import { plainChannel } from "../source/plain-info.ts";
import { channelNames } from "./channel-names.ts";
import { type KeptOpacity, keptOpacity, storedChannels } from "./opacity.ts";
import type { GroupRead, Reading, TargetAlpha } from "./protocol.ts";

/** An open source, its file name, and what it says of its colors. */
export interface NamedSource {
  readonly source: ImageSource;
  readonly name: string;
  readonly colors: StoredColors | null;
}

/** Channels that are read together: those that lie in the same chunks of the same source, or all under one opacity. */
export interface ChannelGroup {
  readonly source: number;
  /** Numbers of the channels in the joined image. */
  readonly channels: readonly number[];
  readonly reading: Reading;
}

/** Sources side by side as one image. */
export interface JoinedImage {
  readonly info: ImageInfo;
  /** Holds every value of every channel exactly. */
  readonly type: PlaneType;
  /** The opacity of the other channels; null: none. */
  readonly alpha: TargetAlpha | null;
  /** Codes have classes, of which readers make colors for a picture. */
  readonly isPalette: boolean;
  /** What the source says of its colors; null: nothing, or there are several sources. */
  readonly colors: StoredColors | null;
  readonly groups: readonly ChannelGroup[];
  readonly warnings: readonly string[];
}

/** BAD_REQUEST where the sources do not have the same size. `names`: of all channels, in place of those of the files. */
export function joinSources(sources: readonly NamedSource[], names: readonly string[] | undefined): JoinedImage {
  const [first] = sources;
  if (!first) throw new BandloomError("BAD_REQUEST", "There is nothing to convert. Name at least one source.");
  assertSameSize(sources);
  const opacity = keptOpacity(sources);
  const alpha = alphaOf(opacity, storedChannels(first).length);
  const named = channelNames(sources, names);
  const stored = sources.flatMap(storedChannels).map((channel, index): ChannelInfo => {
    const kept = {
      ...{ ...channel, index, name: named[index] ?? channel.name, alpha: index === alpha?.channel },
      window: channel.window ?? (channel.dataType === "bit" ? ALL_BITS : null),
    };
    return opacity ? { ...kept, masked: false } : { ...kept, nodata: nodataOf(channel) };
  });
  const [{ dataType } = { dataType: "uint8" as const }] = stored;
  const made = plainChannel({ index: stored.length, name: "alpha", dataType, alpha: true });
  const channels = opacity?.kind === "made" ? [...stored, made] : stored;
  const type = commonType(channels.map(decodedType));
  return {
    ...{ info: { ...first.source.info, channels }, type, alpha },
    isPalette: sources.some(isPaletted),
    colors: sources.length === 1 ? first.colors : null,
    groups: opacity
      ? [wholeGroup(first, opacity, channels)]
      : sources.flatMap((one, index) => groupsOf(one, index, firstChannel(sources, index))),
    warnings: [...opacityWarnings(opacity), ...typeWarnings(channels, type)],
  };
}

function isPaletted({ source: { info } }: NamedSource): boolean {
  return info.channels.some(({ classes }) => classes !== null) && info.channels.some(({ derived }) => derived);
}

function alphaOf(opacity: KeptOpacity | null, count: number): TargetAlpha | null {
  if (opacity?.kind === "own") return { channel: opacity.channel, isMultiplied: opacity.isMultiplied };
  return opacity && { channel: count, isMultiplied: false };
}

function assertSameSize(sources: readonly NamedSource[]): void {
  const sizes = sources.map(({ source: { info } }) => {
    const stack = info.depth * info.times > 1 ? `, ${info.depth} z, ${info.times} t` : "";
    return `${info.width} × ${info.height} pixels${stack}`;
  });
  const odd = sizes.findIndex((size) => size !== sizes[0]);
  if (odd < 0) return;
  throw new BandloomError(
    "BAD_REQUEST",
    `The files differ in size: ${sources[0]?.name} has ${sizes[0]}, ${sources[odd]?.name} has ${sizes[odd]}. Join files of one size, or name them in a channel set manifest, which aligns them.`,
  );
}

function firstChannel(sources: readonly NamedSource[], index: number): number {
  return sources.slice(0, index).reduce((sum, source) => sum + storedChannels(source).length, 0);
}

function groupsOf(named: NamedSource, index: number, first: number): ChannelGroup[] {
  const groups = new Map<number, { channels: number[]; samples: number[] }>();
  for (const [channel, { index: own }] of storedChannels(named).entries()) {
    const { group, sample } = named.source.locate(own);
    const entry = groups.get(group) ?? { channels: [], samples: [] };
    entry.channels.push(first + channel);
    entry.samples.push(sample);
    groups.set(group, entry);
  }
  return [...groups].map(([group, { channels, samples }]) => {
    return { source: index, channels, reading: { reads: [{ group, samples }], isStored: false, opaque: null } };
  });
}

/** All channels of the only source, which are halved together. */
function wholeGroup(named: NamedSource, opacity: KeptOpacity, channels: readonly ChannelInfo[]): ChannelGroup {
  const reads: GroupRead[] = groupsOf(named, 0, 0).flatMap(({ reading }) => reading.reads);
  const order = groupsOf(named, 0, 0).flatMap((group) => group.channels);
  const isMade = opacity.kind === "made";
  return {
    source: 0,
    channels: isMade ? [...order, channels.length - 1] : order,
    reading: { reads, isStored: true, opaque: isMade ? opacity.opaque : null },
  };
}

/** Nominal chunk of full resolution. */
export function chunkOf({ source }: NamedSource): Size {
  const [level] = source.info.levels;
  return { width: level?.chunkWidth ?? 1, height: level?.chunkHeight ?? 1 };
}

/** What a mask leaves out is NaN when it is decoded. */
function nodataOf({ nodata, masked }: ChannelInfo): number | null {
  return nodata ?? (masked ? Number.NaN : null);
}

/** How decoded chunks hold the channel. */
function decodedType({ dataType, masked }: ChannelInfo): PlaneType {
  return masked ? "float32" : planeTypeOf(dataType);
}

/** Written as bytes, whose window would be another. */
const ALL_BITS = [0, 1] as const;
const INTEGERS = ["uint8", "int8", "uint16", "int16", "uint32", "int32"] as const;
/** A float32 holds integers of so many bits exactly. */
const SINGLE_BITS = 24;

/** The smallest type that holds all values of all these types. */
function commonType(types: readonly PlaneType[]): PlaneType {
  const [first = "uint8"] = types;
  if (types.every((type) => type === first)) return first;
  const ranges = types.filter((type) => !isFloat(type)).map(valueRange);
  const low = Math.min(0, ...ranges.map(([min]) => min));
  const high = Math.max(0, ...ranges.map(([, max]) => max));
  const holds = ([min, max]: readonly [number, number]) => min <= low && high <= max;
  if (!types.some(isFloat)) {
    const integer = INTEGERS.find((type) => holds(valueRange(type)));
    if (integer) return integer;
  } else if (!types.includes("float64") && holds([-(2 ** SINGLE_BITS), 2 ** SINGLE_BITS])) return "float32";
  return "float64";
}

function opacityWarnings(opacity: KeptOpacity | null): readonly string[] {
  if (opacity?.kind !== "made") return [];
  return [
    "Its mask is written as a channel more, alpha, which is 0 where the mask leaves pixels out: samples keep their type.",
  ];
}

function typeWarnings(channels: readonly ChannelInfo[], type: PlaneType): readonly string[] {
  const masked = channels.filter((channel) => channel.masked).map(({ name }) => name);
  const types = [...new Set(channels.map(({ dataType }) => dataType))];
  return [
    ...(masked.length > 0 ? [`Masked pixels of ${masked.join(", ")} are written as NaN, in ${type} samples.`] : []),
    ...(types.length > 1
      ? [`Channels of types ${types.join(", ")} are all written as ${type}, which holds them.`]
      : []),
  ];
}
