import { isSrgb } from "../source/color-profile.ts";
import type { ChannelInfo } from "../source/index.ts";
import { PHOTOMETRIC } from "../source/tiff/tags.ts";
import type { JoinedImage, NamedSource } from "./joined.ts";
import type { OutputFormat } from "./options.ts";
import { paletteOf, profileOf } from "./tiff-colors.ts";

/** What a format has no place for, in a sentence each. */
export function lossesOf(image: JoinedImage, sources: readonly NamedSource[], format: OutputFormat): readonly string[] {
  return [
    ...profileLosses(image, sources, format),
    ...classLosses(image, format),
    ...roundingLosses(sources),
    ...bitLosses(image, format),
    ...colorLosses(image, format),
  ];
}

function profileLosses(image: JoinedImage, sources: readonly NamedSource[], format: OutputFormat): readonly string[] {
  const having = sources.filter(hasProfile);
  if (having.length === 0) return [];
  const names = having.map(({ name }) => name).join(", ");
  if (format === "ome-zarr")
    return [`The color profile of ${names} is lost: OME-Zarr has no place for it. Write .tif to keep it.`];
  if (sources.length > 1)
    return [
      `The color profile of ${names} is lost: it is not one of all channels. Convert each file by itself to keep it.`,
    ];
  return profileOf(image, format)
    ? []
    : [`The color profile of ${names} is lost: it is not one for the samples as they are written.`];
}

/** Of another space than sRGB; one that is too large to be read is one too. */
function hasProfile({ source, colors }: NamedSource): boolean {
  if (colors?.profile) return !isSrgb(colors.profile);
  return source.info.warnings.some(({ code }) => code === "PROFILE_NOT_APPLIED");
}

function classLosses(image: JoinedImage, format: OutputFormat): readonly string[] {
  const { channels } = image.info;
  const classified = channels.filter(({ classes }) => classes !== null);
  if (classified.length === 0) return [];
  if (format === "ome-zarr") return shownLosses(image, classified);
  const isKept = format === "cog" && paletteOf(image) !== null;
  const hasNames = classified.some(({ classes }) => classes?.some(({ name }) => name !== null));
  const of = classified.map(({ name }) => name).join(", ");
  return [
    ...(isKept ? [] : [`The colors of the codes of ${of} are lost: ${NO_PALETTE[format]}`]),
    ...(hasNames
      ? [`The names of the codes of ${of} are lost: TIFF has no place for them. Write .zarr to keep them.`]
      : []),
  ];
}

const NO_PALETTE: Readonly<Record<Exclude<OutputFormat, "ome-zarr">, string>> = {
  cog: "a TIFF has a palette for one channel of 8 or 16 bits, with a color for each code from 0. Write .zarr to keep them.",
  "ome-tiff": "OME-TIFF has no palettes. Write .tif or .zarr to keep them.",
};

/** Classes of all channels are kept; a picture is made of those of one. */
function shownLosses({ info, isPalette }: JoinedImage, classified: readonly ChannelInfo[]): readonly string[] {
  if (!isPalette || info.channels.length === 1) return [];
  return [
    `The colors of ${classified.map(({ name }) => name).join(", ")} are kept, but shown by formulas only: classes().`,
  ];
}

/** Classes have colors of three bytes. */
function roundingLosses(sources: readonly NamedSource[]): readonly string[] {
  const isRounded = ({ source, colors }: NamedSource) =>
    colors?.photometric === PHOTOMETRIC.palette &&
    source.info.channels.some(({ derived, dataType }) => derived && dataType === "uint16");
  const names = sources.filter(isRounded).map(({ name }) => name);
  return names.length > 0 ? [`The palette of ${names.join(", ")} has colors of 16 bits, which are cut to 8.`] : [];
}

/** Bytes are shown by the range of bytes, and a window of theirs has no place in TIFF. */
function bitLosses({ info, type }: JoinedImage, format: OutputFormat): readonly string[] {
  const bits = info.channels.filter(({ dataType, classes }) => dataType === "bit" && classes === null);
  if (bits.length === 0 || type !== "uint8" || format === "ome-zarr") return [];
  const names = bits.map(({ name }) => name).join(", ");
  return [
    `Bits of ${names} are written as bytes of 0 and 1, which show black: window(…, 0, 1) shows them. Write .zarr to keep that.`,
  ];
}

/** How samples make colors is told by the names of red, green and blue, and of inks. */
function colorLosses({ colors }: JoinedImage, format: OutputFormat): readonly string[] {
  const what = format === "ome-zarr" ? UNNAMED.get(colors?.photometric ?? PHOTOMETRIC.blackIsZero) : undefined;
  return what === undefined
    ? []
    : [`${what}, which OME-Zarr has no place for: it shows as it is stored. Write .tif to keep it.`];
}

const UNNAMED: ReadonlyMap<number, string> = new Map([
  [PHOTOMETRIC.whiteIsZero, "Its large numbers mean darkness"],
  [PHOTOMETRIC.lab, "Its samples are CIE L*a*b*"],
  [PHOTOMETRIC.iccLab, "Its samples are CIE L*a*b*"],
]);
