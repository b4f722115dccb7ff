import { levelSize } from "../core/geometry.ts";
import type { ChannelInfo, Location } from "../source/index.ts";
import { abortable } from "./convert.ts";
import type { Crew } from "./crew.ts";
import type { Target, WindowResult } from "./protocol.ts";

/** The finest level of at most so many pixels is looked at. */
const WHOLE_PIXELS = 2 ** 20;
const ALL_BYTES: WindowResult = [0, 255];

/** Display windows of all channels: those that their files give, all values of bytes, else what the pixels of a coarse level tell. */
export async function displayWindows(
  location: Location,
  channels: readonly ChannelInfo[],
  target: Target,
  crew: Crew,
  signal: AbortSignal | undefined,
): Promise<readonly WindowResult[]> {
  const level = coarseLevel(target);
  const windows = channels.map(({ window }, channel) => {
    if (window) return window;
    if (target.type === "uint8") return ALL_BYTES;
    return crew.window({ kind: "window", location, channel, level });
  });
  return await abortable(Promise.all(windows), signal);
}

function coarseLevel(target: Target): number {
  let level = 0;
  for (; level + 1 < target.levels; level++) {
    const { width, height } = levelSize(target, level);
    if (width * height <= WHOLE_PIXELS) break;
  }
  return level;
}
