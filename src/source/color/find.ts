import { createHash } from "node:crypto";
import type { DataType, planeView } from "../../core/dtype.ts";
import { isSrgb } from "../color-profile.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import { fillSamples, type SampleCoding } from "./coding.ts";
import type { ConvertedColors } from "./converted.ts";
import { type ColorSpace, type Conversion, type Refusal, withLittleCms } from "./little-cms.ts";
import { SRGB_NAMES } from "./names.ts";

type PlaneArray = ReturnType<typeof planeView>;

/** Those of printers have one or two MiB. */
export const MAX_PROFILE_BYTES = 4 * 2 ** 20;

/** What a file says of its colors. */
export interface ColorFacts {
  /** Channels of the components, from 0, in the order of the space; null: there is no telling, or they are none. */
  readonly channels: readonly number[] | null;
  readonly space: ColorSpace;
  readonly dataType: DataType;
  /** Left out: `plain`. */
  readonly coding?: SampleCoding;
  /** Of gray: 0 is white. */
  readonly isNegative?: boolean;
  /** Null: the file has none; `too large`: more than MAX_PROFILE_BYTES, and not read. */
  readonly profile: Uint8Array | "too large" | null;
}

export interface FoundColors {
  /** Null: the channels are shown as they are. */
  readonly colors: ConvertedColors | null;
  readonly warnings: readonly ImageWarning[];
}

/**
 * How colors become sRGB where they are others: by perceptual intent, as libvips converts. Where it cannot be told how they do, a warning
 * says why. Gray and RGB without a profile, and what is sRGB, are shown as they are.
 */
export function findColors(stored: ColorFacts): FoundColors {
  const { profile, space } = stored;
  const isKnown = profile === null || (profile !== "too large" && isSrgb(profile));
  if (isKnown && (space === "rgb" || space === "gray")) return { colors: null, warnings: [] };
  // The samples of L*a*b* say themselves what they are.
  const found = converted(space === "lab" ? { ...stored, profile: null } : stored);
  if (typeof found !== "string") return { colors: found, warnings: [space === "lab" ? LAB_SHOWN : PROFILE_APPLIED] };
  return {
    colors: null,
    warnings: [
      ...(profile === null ? [] : [notApplied(found)]),
      ...(space === "cmyk" ? [INKS_MIXED] : []),
      ...(space === "lab" ? [LAB_NOT_SHOWN] : []),
    ],
  };
}

/** What is made of the samples, or why nothing is. */
function converted({ profile, ...stored }: ColorFacts): ConvertedColors | string {
  const { channels, space, dataType: type, coding = "plain", isNegative = false } = stored;
  if (channels === null) return "its samples are not those of one color";
  if (type !== "uint8" && type !== "uint16") return "its samples have other than 8 or 16 bits";
  if (space === "gray" && type === "uint16") return "gray of 16 bits is shown by the range of its values";
  if (profile === "too large") return `it has more than ${MAX_PROFILE_BYTES / 2 ** 20} MiB`;
  if (profile === null && space !== "lab") return "there is none";
  const digest = profile && createHash("sha256").update(profile).digest("base64");
  const key = JSON.stringify([space, type, isNegative, digest]);
  const conversion: Conversion = { key, space, type, isNegative, profile };
  const refusal = refusalOf(conversion);
  if (refusal !== null) return refusal;
  return { channels, convert: byProfile(conversion, coding) };
}

function byProfile(conversion: Conversion, coding: SampleCoding): ConvertedColors["convert"] {
  return (components, colors) =>
    withLittleCms((cms) =>
      cms.convert(
        conversion,
        components[0]?.length ?? 0,
        (samples, start) => fillSamples(samples, components, start, coding),
        (found, start) => part(found, colors, start),
      ),
    );
}

/** Fills planes of red, green and blue with what is of each pixel together. */
function part(from: Uint8Array, [red, green, blue]: readonly PlaneArray[], start: number): void {
  if (!(red && green && blue)) throw new RangeError("Colors are made of red, green and blue.");
  let pixel = start;
  for (let at = 0; at < from.length; at += 3) {
    red[pixel] = from[at] ?? 0;
    green[pixel] = from[at + 1] ?? 0;
    blue[pixel] = from[at + 2] ?? 0;
    pixel++;
  }
}

/** A profile at which the library gives up is damaged. */
function refusalOf(conversion: Conversion): Refusal | null {
  try {
    return withLittleCms((cms) => cms.refusal(conversion));
  } catch {
    return "it is damaged";
  }
}

const READ = `Formulas read the stored numbers by the names of their channels, and the converted ones as \`${SRGB_NAMES.join("`, `")}\`.`;
const PROFILE_APPLIED = imageWarning(
  "COLORS_CONVERTED",
  `Its picture is shown in sRGB, as its color profile has it. ${READ}`,
);
const LAB_SHOWN = imageWarning(
  "COLORS_CONVERTED",
  `Its samples are CIE L*a*b*, and its picture is shown in sRGB. ${READ}`,
);
const CONVERT = "Convert it to sRGB, for example with vips icc_transform.";
const INKS_MIXED = imageWarning(
  "COLORS_NOT_CONVERTED",
  `Its samples are inks (CMYK) of which no profile tells the colors: its picture mixes them as if each took its own light alone. ${CONVERT}`,
);
const LAB_NOT_SHOWN = imageWarning(
  "COLORS_NOT_CONVERTED",
  "Its samples are CIE L*a*b* of other than 8 or 16 bits, each a channel: no colors are made of them. Convert it to sRGB, for example with vips colourspace.",
);

function notApplied(reason: string): ImageWarning {
  return imageWarning("PROFILE_NOT_APPLIED", `It has a color profile, which is not applied: ${reason}. ${CONVERT}`);
}
