import { ChannelNames } from "../formula/index.ts";
import { channelIndex } from "./channel-set/channels.ts";
import type { ChannelKinds } from "./location.ts";
import type { ChannelInfo, ImageInfo } from "./types.ts";
import { unreadable } from "./unreadable.ts";

/** Channels of the kinds that the catalogue tells. SOURCE_UNREADABLE where there is no such channel. */
export function channelsOfKinds(info: ImageInfo, { all, by }: ChannelKinds): readonly ChannelInfo[] {
  const names = new ChannelNames(info);
  const told = new Map<number, ChannelInfo["kind"]>();
  for (const [which, kind] of Object.entries(by)) {
    const index = channelIndex(which, info, names);
    if (!info.channels[index])
      throw unreadable(
        `it has no channel ${JSON.stringify(which.slice(0, 60))}, whose kind the catalogue tells; name it as the file does, or by its number from 1`,
      );
    told.set(index, kind);
  }
  return info.channels.map((channel) => ({ ...channel, kind: told.get(channel.index) ?? all ?? channel.kind }));
}
