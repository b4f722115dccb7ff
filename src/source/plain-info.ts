import type { ChannelInfo, ImageInfo } from "./types.ts";

/** A channel of which nothing but this is known. */
export function plainChannel(
  known: Pick<ChannelInfo, "index" | "name" | "dataType"> & Partial<ChannelInfo>,
): ChannelInfo {
  return {
    ...{ wavelengthNm: null, color: null, nodata: null, unit: null, scale: 1, offset: 0 },
    ...{ window: null, active: null, masked: false, alpha: false, derived: false, kind: "continuous", classes: null },
    ...known,
  };
}

/** An image of which nothing but this is known. */
export function plainImage(
  known: Pick<ImageInfo, "format" | "width" | "height" | "channels" | "levels"> & Partial<ImageInfo>,
): ImageInfo {
  return {
    ...{ name: null, description: null, seriesCount: 1, depth: 1, times: 1 },
    ...{ pixelSize: null, georeference: null, warnings: [], advice: [] },
    ...known,
  };
}
