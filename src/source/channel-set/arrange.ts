import { type DataType, isFloat, valueRange } from "../../core/dtype.ts";
import type { ChannelInfo } from "../types.ts";
import type { ChosenChannel } from "./channels.ts";
import type { Group, Member } from "./group.ts";
import type { ChannelPlace } from "./source.ts";

interface Arranged {
  readonly groups: readonly Group[];
  readonly channels: readonly ChannelInfo[];
  readonly places: readonly ChannelPlace[];
}

/** Channels of the set and the chunk groups that hold them. */
export function arrange(members: readonly Member[], chosen: readonly (readonly ChosenChannel[])[]): Arranged {
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
