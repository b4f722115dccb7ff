import { isFloat, type PlaneType, planeTypeOf, valueRange } from "../core/dtype.ts";
import { BandloomError } from "../core/errors.ts";
import type { Size } from "../core/geometry.ts";
import type { ChannelInfo, ImageInfo, ImageSource } from "../source/index.ts";
import { channelNames } from "./channel-names.ts";

/** An open source and its file name. */
export interface NamedSource {
  readonly source: ImageSource;
  readonly name: string;
}

/** Channels that lie in the same chunks of the same source, to be read together. */
export interface ChannelGroup {
  readonly source: number;
  readonly group: number;
  /** Numbers of the channels in the joined image. */
  readonly channels: readonly number[];
  /** Plane of the decoded chunk for each of them. */
  readonly samples: readonly number[];
}

/** Sources side by side as one image. */
export interface JoinedImage {
  readonly info: ImageInfo;
  /** Holds every value of every channel exactly. */
  readonly type: PlaneType;
  readonly groups: readonly ChannelGroup[];
  readonly warnings: readonly string[];
}

/** BAD_REQUEST where the sources do not have the same size. `names`: of all channels, in place of those of the files. */
export function joinSources(sources: readonly NamedSource[], names: readonly string[] | undefined): JoinedImage {
  const [first] = sources;
  if (!first) throw new BandloomError("BAD_REQUEST", "There is nothing to convert. Name at least one source.");
  assertSameSize(sources);
  const { info } = first.source;
  const channels = sources
    .flatMap(({ source }) => source.info.channels)
    .map((channel, index): ChannelInfo => ({ ...channel, index, nodata: nodataOf(channel) }));
  const named = channelNames(sources, names);
  const type = commonType(channels.map(decodedType));
  return {
    info: { ...info, channels: channels.map((channel, index) => ({ ...channel, name: named[index] ?? channel.name })) },
    type,
    groups: sources.flatMap(({ source }, index) => groupsOf(source, index, firstChannel(sources, index))),
    warnings: typeWarnings(channels, type),
  };
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
  return sources.slice(0, index).reduce((sum, { source }) => sum + source.info.channels.length, 0);
}

function groupsOf(source: ImageSource, index: number, first: number): ChannelGroup[] {
  const groups = new Map<number, { channels: number[]; samples: number[] }>();
  for (const { index: channel } of source.info.channels) {
    const { group, sample } = source.locate(channel);
    const entry = groups.get(group) ?? { channels: [], samples: [] };
    entry.channels.push(first + channel);
    entry.samples.push(sample);
    groups.set(group, entry);
  }
  return [...groups].map(([group, entry]) => ({ source: index, group, ...entry }));
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
