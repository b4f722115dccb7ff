import type { Alpha } from "../alpha.ts";
import { nodataOf } from "../tiff/metadata/nodata.ts";
import type { ChannelInfo } from "../types.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import type { Pam, PamBand } from "./pam.ts";

export interface ToldChannels {
  readonly channels: readonly ChannelInfo[];
  readonly alphas: readonly Alpha[];
  readonly warnings: readonly ImageWarning[];
}

/** Names of what GDAL says of the colors of a band. */
const COLORS = ["red", "green", "blue", "gray", "cyan", "magenta", "yellow", "black"];
const GENERATED = /^b\d+$/;

/**
 * Channels with what metadata beside the file tell of its bands. These go before what the file says, as for GDAL: they are how a file that must
 * not be written is corrected.
 */
export function withBands(told: Omit<ToldChannels, "warnings">, bands: Pam["bands"]): ToldChannels {
  const warnings: ImageWarning[] = [];
  const channels = told.channels.map((channel, index) => {
    const band = bands[index];
    if (!band) return channel;
    const nodata = nodataOf(band.nodata, channel.dataType);
    const told = [...nodata.warnings, ...(band.hasRanges ? [RANGES] : []), ...(isHalfClear(band) ? [HALF_CLEAR] : [])];
    warnings.push(...told.map((one) => ({ ...one, channel: index })));
    return described(channel, band, nodata.value);
  });
  return { channels, alphas: told.alphas.length > 0 ? told.alphas : alphaOf(channels, bands), warnings };
}

const RANGES = imageWarning(
  "METADATA_NOT_USED",
  "Its attribute table names ranges of values, which are left out: it has no classes. Show them by a formula: intervals().",
);
const HALF_CLEAR = imageWarning(
  "ALPHA_NOT_APPLIED",
  "Some colors of its palette are transparent in part, and are shown opaque. Make them opaque, or give them an alpha of 0.",
);

function isHalfClear({ palette }: PamBand): boolean {
  return palette?.some(([, , , alpha]) => alpha > 0 && alpha < 255) ?? false;
}

function described(channel: ChannelInfo, band: PamBand, nodata: number | null): ChannelInfo {
  const isOfClasses = band.isThematic || band.classes !== null;
  const isScaled = band.scale !== null || band.offset !== null;
  return {
    ...channel,
    name: band.description ?? colorName(channel, band) ?? channel.name,
    nodata: nodata ?? channel.nodata,
    unit: band.unit ?? channel.unit,
    wavelengthNm: band.wavelengthNm ?? channel.wavelengthNm,
    color: band.color ?? channel.color,
    ...(isScaled ? { scale: band.scale ?? 1, offset: band.offset ?? 0 } : {}),
    ...(isOfClasses ? { kind: "categorical", classes: band.classes ?? channel.classes } : {}),
  };
}

/** In place of a name that says nothing. */
function colorName({ name }: ChannelInfo, { interpretation }: PamBand): string | null {
  if (interpretation === null || !GENERATED.test(name)) return null;
  return [...COLORS, "alpha"].includes(interpretation) ? interpretation : null;
}

/** The opacity of all others, where one band is told to be it. */
function alphaOf(channels: readonly ChannelInfo[], bands: Pam["bands"]): readonly Alpha[] {
  const found = channels.filter((_, at) => bands[at]?.interpretation === "alpha");
  const [alpha] = found;
  if (!alpha || found.length > 1 || channels.length === 1) return [];
  const over = channels.filter((one) => one !== alpha).map(({ index }) => index);
  return [{ channel: alpha.index, over, multiplied: [] }];
}
