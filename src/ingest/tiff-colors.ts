import { PHOTOMETRIC } from "../source/tiff/tags.ts";
import { baseSamples, colorFields, paletteFields } from "../source/tiff/write-colors.ts";
import type { Fields } from "../source/tiff/write-fields.ts";
import type { JoinedImage } from "./joined.ts";
import type { OutputFormat } from "./options.ts";

type TiffFormat = Exclude<OutputFormat, "ome-zarr">;

const RGB = ["red", "green", "blue"];
/** Interpretations whose samples are written as they are stored. YCbCr is read as RGB, and a palette stands in fields of its own. */
const KEPT: readonly number[] = [PHOTOMETRIC.whiteIsZero, PHOTOMETRIC.cmyk, PHOTOMETRIC.lab, PHOTOMETRIC.iccLab];
/** Samples of RGB may lie apart: their names say what they are. */
const TOGETHER: readonly number[] = [PHOTOMETRIC.cmyk, PHOTOMETRIC.lab, PHOTOMETRIC.iccLab];
/** Where a profile says which samples it is for (ICC.1:2022, section 7.2.6). */
const SPACE_AT = 16;
const SPACES: ReadonlyMap<number, string> = new Map([
  [PHOTOMETRIC.whiteIsZero, "GRAY"],
  [PHOTOMETRIC.blackIsZero, "GRAY"],
  [PHOTOMETRIC.rgb, "RGB "],
  [PHOTOMETRIC.cmyk, "CMYK"],
  [PHOTOMETRIC.lab, "Lab "],
  [PHOTOMETRIC.iccLab, "Lab "],
]);

/** PhotometricInterpretation of the channels, in one directory. */
export function photometricOf({ info: { channels }, colors }: JoinedImage): number {
  if (RGB.every((name, index) => channels[index]?.name === name)) return PHOTOMETRIC.rgb;
  const stored = colors?.photometric ?? PHOTOMETRIC.blackIsZero;
  return KEPT.includes(stored) && channels.length >= baseSamples(stored) ? stored : PHOTOMETRIC.blackIsZero;
}

/** Whether colors are made of several samples of a directory, or one of them is the opacity of the others: they must share it then. */
export function isOneDirectory(image: JoinedImage): boolean {
  if (image.info.channels.length === 1) return false;
  return image.alpha !== null || profileOf(image, "ome-tiff") !== null || TOGETHER.includes(photometricOf(image));
}

/** The fields of a palette: of a file of one channel, whose codes have colors. Null: there is none. */
export function paletteOf({ info: { channels }, type }: JoinedImage): Fields | null {
  const [only, ...others] = channels;
  return only?.classes && others.length === 0 ? paletteFields(type, only.classes) : null;
}

/** Fields of all directories that hold one channel each. */
export function planeColors(image: JoinedImage): Fields {
  const isInverted = photometricOf(image) === PHOTOMETRIC.whiteIsZero;
  const photometric = isInverted ? PHOTOMETRIC.whiteIsZero : PHOTOMETRIC.blackIsZero;
  return colorFields({ photometric, samples: 1, alpha: null });
}

/** Fields of all directories that hold all channels. */
export function directoryColors(image: JoinedImage): Fields {
  const { channels } = image.info;
  const { alpha } = image;
  const colors = colorFields({
    photometric: photometricOf(image),
    samples: channels.length,
    alpha: alpha && { sample: alpha.channel, isMultiplied: alpha.isMultiplied },
  });
  return new Map([...colors, ...(paletteOf(image) ?? [])]);
}

/** The ICC profile of the source, where it is one for the samples as they are written; null: none. OME-TIFF has no palettes. */
export function profileOf(image: JoinedImage, format: TiffFormat): Uint8Array | null {
  const { profile } = image.colors ?? {};
  if (!profile || image.info.channels.some(({ masked }) => masked)) return null;
  const space = Buffer.from(profile.subarray(SPACE_AT, SPACE_AT + 4)).toString("latin1");
  const isPalette = format === "cog" && paletteOf(image) !== null;
  const due = isPalette ? "RGB " : SPACES.get(photometricOf(image));
  return space === due ? profile : null;
}
