import { basename } from "node:path";
import { ChannelNames } from "../../formula/index.ts";
import type { ChannelInfo, ImageInfo } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import type { ChannelOverride, ChannelSetMember } from "./manifest.ts";

/** A channel of a member that is one of the set. */
export interface ChosenChannel {
  /** Of the member. */
  readonly channel: number;
  /** As the set describes it, but for its index. */
  readonly info: ChannelInfo;
}

/** Names that readers give where a file names none: its own name tells more. */
const GENERATED = /^(b\d+|gr[ae]y)$/i;

/** The channels of a member that the manifest names, or all; SOURCE_UNREADABLE where there is no such channel. */
export function chooseChannels(
  member: ChannelSetMember,
  info: ImageInfo,
  file: number,
  kind: ChannelInfo["kind"] | null,
): readonly ChosenChannel[] {
  const names = new ChannelNames(info);
  if (!member.channels)
    return info.channels.map((channel) => ({
      channel: channel.index,
      info: { ...channel, name: nameOf(member, info, channel), kind: kind ?? channel.kind },
    }));
  return member.channels.map((override) => {
    const channel = info.channels[channelIndex(override.channel, info, names)];
    if (!channel) throw noChannel(override.channel, info, file);
    const told = { ...override, kind: override.kind ?? kind };
    return { channel: channel.index, info: described(told, channel, nameOf(member, info, channel)) };
  });
}

/** Of a channel by its name, or its number from 1; −1: there is none, or several. */
export function channelIndex(which: ChannelOverride["channel"], { channels }: ImageInfo, names: ChannelNames): number {
  if (which === null) return isSingle(channels) ? 0 : -1;
  if (typeof which === "number") return which;
  const found = names.find(which, false);
  if (found.kind === "found") return found.index;
  return /^[1-9]\d{0,5}$/.test(which) ? Number(which) - 1 : -1;
}

function noChannel(which: ChannelOverride["channel"], { channels }: ImageInfo, file: number) {
  if (which === null)
    return unreadable(
      `its file ${file + 1} has ${channels.length} channels; say in the manifest which one is meant, with channel:`,
    );
  const some = channels.slice(0, 10).map(({ name }) => name.slice(0, 40));
  const shown = typeof which === "number" ? `number ${which + 1}` : JSON.stringify(which.slice(0, 60));
  return unreadable(
    `its file ${file + 1} has no channel ${shown}, or several of that name; it has ${some.join(", ")}${channels.length > 10 ? " …" : ""}`,
  );
}

/** What the manifest says goes before what the file says. */
function described(override: ChannelOverride, channel: ChannelInfo, name: string): ChannelInfo {
  return {
    ...channel,
    name: override.name ?? name,
    wavelengthNm: override.wavelengthNm ?? channel.wavelengthNm,
    color: override.color ?? channel.color,
    nodata: override.nodata ?? channel.nodata,
    unit: override.unit ?? channel.unit,
    scale: override.scale ?? channel.scale,
    offset: override.offset ?? channel.offset,
    window: override.window ?? channel.window,
    kind: override.kind ?? channel.kind,
  };
}

function nameOf({ file }: ChannelSetMember, { channels }: ImageInfo, { name, index }: ChannelInfo): string {
  if (!GENERATED.test(name)) return name;
  const stem = basename(file.replace(/[?#].*$/, "")).replace(/(\.ome)?\.\w+$/i, "");
  if (stem === "") return name;
  return isSingle(channels) ? stem : `${stem}_${index + 1}`;
}

/** Whether it stores one channel, whatever its reader makes of it. */
function isSingle(channels: readonly ChannelInfo[]): boolean {
  return channels.filter(({ derived }) => !derived).length === 1;
}
