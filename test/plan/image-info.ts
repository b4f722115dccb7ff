import type { ImageInfo, StoredLevel } from "../../src/source/types.ts";

/** A description of an image of uint8 channels, for planning. */
export function imageInfo(
  width: number,
  height: number,
  levels: readonly Partial<StoredLevel>[] = [{}],
  channels = 1,
): ImageInfo {
  return {
    format: "test",
    width,
    height,
    depth: 1,
    times: 1,
    channels: Array.from({ length: channels }, (_, index) => ({
      index,
      name: `b${index + 1}`,
      dataType: "uint8",
      wavelengthNm: null,
      color: null,
      nodata: index === 0 ? 0 : null,
      unit: null,
      scale: 1,
      offset: 0,
      window: null,
    })),
    levels: levels.map((level) => ({ width, height, chunkWidth: 256, chunkHeight: 256, codec: "none", ...level })),
    pixelSize: null,
    warnings: [],
  };
}
