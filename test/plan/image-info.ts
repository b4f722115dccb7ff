import { plainChannel, plainImage } from "../../src/source/plain-info.ts";
import type { ImageInfo, StoredLevel } from "../../src/source/types.ts";

/** A description of an image of uint8 channels, for planning. */
export function imageInfo(
  width: number,
  height: number,
  levels: readonly Partial<StoredLevel>[] = [{}],
  channels = 1,
): ImageInfo {
  return plainImage({
    format: "test",
    width,
    height,
    channels: Array.from({ length: channels }, (_, index) =>
      plainChannel({ index, name: `b${index + 1}`, dataType: "uint8", nodata: index === 0 ? 0 : null }),
    ),
    levels: levels.map((level) => ({ width, height, chunkWidth: 256, chunkHeight: 256, codec: "none", ...level })),
  });
}
