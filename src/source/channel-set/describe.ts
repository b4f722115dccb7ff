import { plainImage } from "../plain-info.ts";
import type { ChannelInfo, ImageInfo, StoredLevel } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { boundedWarnings, imageWarning } from "../warnings.ts";
import type { ChannelSet } from "./manifest.ts";

/** Of all files together; each may have many of its own. */
const MAX_SENTENCES = 20;

/** `full` is the finest file, `levels` are those of its levels that the set has. SOURCE_UNREADABLE where z or t of the files disagree. */
export function describe(
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
  const advice = infos.flatMap((info, index) => info.advice.map((sentence) => ofFile(index, sentence)));
  const dropped = full.levels.length - levels.length;
  const different = `Its files have different pyramids: ${dropped} ${dropped === 1 ? "level" : "levels"} of the finest file cannot be used. Give all the same overviews.`;
  return plainImage({
    ...{ format: "channel set", name, description, channels, levels },
    ...{ width: full.width, height: full.height, depth: depth ?? 1, times: times ?? 1 },
    ...{ pixelSize: full.pixelSize, georeference: full.georeference },
    // Channels of a file are others of the set, or none: the file is told in place of them.
    warnings: boundedWarnings(
      infos.flatMap((info, index) =>
        info.warnings.map(({ code, message }) => imageWarning(code, ofFile(index, message))),
      ),
    ),
    advice: [...(dropped > 0 ? [different] : []), ...advice].slice(0, MAX_SENTENCES),
  });
}

function ofFile(index: number, sentence: string): string {
  return `File ${index + 1}: ${sentence}`;
}
