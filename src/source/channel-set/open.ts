import { type DataType, isFloat, valueRange } from "../../core/dtype.ts";
import { BandloomError } from "../../core/errors.ts";
import { type Identity, joinIdentities, textIdentity } from "../identity.ts";
import { plainImage } from "../plain-info.ts";
import type { ChannelInfo, ImageInfo, ImageSource, StoredLevel } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { align, isAligned } from "./align.ts";
import { type ChosenChannel, chooseChannels } from "./channels.ts";
import { assertChunks, type Group, type Member, memberLevel } from "./group.ts";
import { isIdentity, isNear, levelSource } from "./levels.ts";
import { type ChannelSet, MAX_CHANNELS } from "./manifest.ts";
import { type ChannelPlace, ChannelSetSource } from "./source.ts";

/** Files that are opened at a time. */
const PARALLEL = 16;
/** Of all files together; each may have many of its own. */
const MAX_WARNINGS = 20;

/**
 * One image from the files of a set, on the grid of the finest. `open` opens a member; the set closes what was opened. `manifest` is
 * the document that the set was read from, where there is one.
 * SOURCE_UNREADABLE where they have no common grid, or a channel is not there; other failures are those of the members.
 */
export async function openChannelSet(
  set: ChannelSet,
  open: (file: string) => Promise<ImageSource>,
  manifest: Identity | null = null,
): Promise<ImageSource> {
  const opened = await openMembers(set, open);
  try {
    return compose(set, opened, manifest);
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** In the order of the members; a file that is named twice is opened once. */
async function openMembers(
  { members }: ChannelSet,
  open: (file: string) => Promise<ImageSource>,
): Promise<readonly ImageSource[]> {
  const files = [...new Set(members.map(({ file }) => file))];
  const sources = new Map<string, ImageSource>();
  try {
    for (let start = 0; start < files.length; start += PARALLEL) {
      const batch = files.slice(start, start + PARALLEL);
      const outcomes = await Promise.allSettled(batch.map((file) => open(file)));
      for (const [index, outcome] of outcomes.entries())
        if (outcome.status === "fulfilled") sources.set(batch[index] ?? "", outcome.value);
      const failed = outcomes.findIndex(({ status }) => status === "rejected");
      const outcome = outcomes[failed];
      const file = members.findIndex((member) => member.file === batch[failed]);
      if (outcome?.status === "rejected") throw ofMember(outcome.reason, file);
    }
  } catch (error) {
    await closeAll([...sources.values()]);
    throw error;
  }
  return members.flatMap(({ file }) => sources.get(file) ?? []);
}

/** Names the file by its place: its own name may be an address. */
function ofMember(error: unknown, file: number): unknown {
  if (!(error instanceof BandloomError)) return error;
  const { code, details } = error;
  if (code === "NOT_FOUND")
    return unreadable(`there is no file ${file + 1} of its channel set; see the names in its manifest`);
  const message = `File ${file + 1} of its channel set: ${error.message}`;
  return new BandloomError(code, message, { cause: error, ...(details ? { details } : {}) });
}

async function closeAll(sources: readonly ImageSource[]): Promise<void> {
  await Promise.all([...new Set(sources)].map((source) => source.close()));
}

function compose(set: ChannelSet, sources: readonly ImageSource[], manifest: Identity | null): ImageSource {
  const infos = sources.map(({ info }) => info);
  const { base, placements } = align(infos);
  const full = infos[base];
  if (!full) throw unreadable("its channel set names no files");
  const chosen = set.members.map((member, index) => chooseChannels(member, infos[index] ?? full, index));
  if (chosen.flat().length > MAX_CHANNELS)
    throw unreadable(`its files have more than ${MAX_CHANNELS} channels; name in the manifest those that are wanted`);

  const exact = placements.map((placement, index) => isAligned(placement, infos[index] ?? full, full));
  const levels = full.levels.filter((level, index) =>
    infos.every((info, member) => {
      const from = levelSource(full, level, info.levels, placements[member] ?? { x: UNMOVED, y: UNMOVED });
      const stored = info.levels[from.level];
      const same = isIdentity(from) && stored?.width === level.width && stored.height === level.height;
      return index === 0 || (exact[member] ? same : isNear(from));
    }),
  );
  const members = sources.map((source, index): Member => {
    const placement = placements[index] ?? { x: UNMOVED, y: UNMOVED };
    const isExact = exact[index] ?? false;
    return {
      source,
      reading: isExact ? "exact" : (set.members[index]?.resampling ?? "bilinear"),
      levels: levels.map((level) => {
        const from = levelSource(full, level, source.info.levels, placement);
        return memberLevel(from, source.info.levels[from.level], level, isExact);
      }),
    };
  });
  const { groups, channels, places } = arrange(members, chosen);
  for (const group of groups) {
    const member = members[group.member];
    if (member) assertChunks(group, member, levels, group.member);
  }
  const identity = joinIdentities([
    manifest ?? textIdentity(JSON.stringify(set)),
    ...[...new Set(sources)].map((source) => source.identity),
  ]);
  return new ChannelSetSource({
    ...{ identity, members, groups, channels: places },
    info: describe(set, infos, full, levels, channels),
  });
}

const UNMOVED = { scale: 1, shift: 0 };

function describe(
  { name, description }: ChannelSet,
  infos: readonly ImageInfo[],
  full: ImageInfo,
  levels: readonly StoredLevel[],
  channels: readonly ChannelInfo[],
): ImageInfo {
  const [depth, times] = (["depth", "times"] as const).map((axis) => {
    const sizes = [...new Set(infos.map((info) => info[axis]).filter((size) => size > 1))];
    if (sizes.length > 1)
      throw unreadable(
        `its files have ${sizes.slice(0, 3).join(" and ")} planes along ${axis === "depth" ? "z" : "t"}; they must have as many, or one`,
      );
    return sizes[0] ?? 1;
  });
  const warnings = infos.flatMap((info, index) => info.warnings.map((warning) => `File ${index + 1}: ${warning}`));
  const dropped = full.levels.length - levels.length;
  const advice = `Its files have different pyramids: ${dropped} ${dropped === 1 ? "level" : "levels"} of the finest file cannot be used. Give all the same overviews.`;
  return plainImage({
    ...{ format: "channel set", name, description, channels, levels },
    ...{ width: full.width, height: full.height, depth: depth ?? 1, times: times ?? 1 },
    ...{ pixelSize: full.pixelSize, georeference: full.georeference },
    warnings: [...(dropped > 0 ? [advice] : []), ...warnings].slice(0, MAX_WARNINGS),
  });
}

interface Arranged {
  readonly groups: readonly Group[];
  readonly channels: readonly ChannelInfo[];
  readonly places: readonly ChannelPlace[];
}

/** Channels of the set and the chunk groups that hold them. */
function arrange(members: readonly Member[], chosen: readonly (readonly ChosenChannel[])[]): Arranged {
  const groups: Group[] = [];
  const channels: ChannelInfo[] = [];
  const places: ChannelPlace[] = [];
  for (const [index, member] of members.entries()) {
    const own = new Map<string, number>();
    for (const one of chosen[index] ?? []) {
      const { group, sample } = member.source.locate(one.channel);
      const masked = isMasked(member, one.info);
      // What differs in what means no data cannot lie in one chunk.
      const key = JSON.stringify([group, masked, masked && String(one.info.nodata)]);
      let at = own.get(key);
      if (at === undefined) {
        at = groups.push(groupOf(member, index, group, one.info, masked)) - 1;
        own.set(key, at);
      }
      channels.push({ ...one.info, index: channels.length, masked });
      places.push({ group: at, sample });
    }
  }
  return { groups, channels, places };
}

/** Whether its chunks are float32 with NaN: bilinear ones are, and nearest ones of which no number is free to mean "outside". */
function isMasked({ reading }: Member, info: ChannelInfo): boolean {
  return info.masked || reading === "bilinear" || (reading === "nearest" && !holds(info.dataType, info.nodata));
}

function holds(type: DataType, nodata: number | null): boolean {
  if (nodata === null) return false;
  const [least, most] = valueRange(type);
  return isFloat(type) || (Number.isInteger(nodata) && nodata >= least && nodata <= most);
}

function groupOf(
  { source, reading }: Member,
  member: number,
  group: number,
  info: ChannelInfo,
  masked: boolean,
): Group {
  const { samples, type } = source.layout({ level: 0, group, z: 0, t: 0, x: 0, y: 0 });
  const applied = masked && reading !== "exact" && !info.masked ? info.nodata : null;
  return {
    ...{ member, group, samples, stored: type, type: masked ? "float32" : type },
    nodata: Array.from({ length: samples }, () => applied),
    outside: Array.from({ length: samples }, () => (masked ? Number.NaN : (info.nodata ?? 0))),
  };
}
