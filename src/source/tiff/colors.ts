import type { SampleCoding } from "../color/coding.ts";
import { type FoundColors, findColors, MAX_PROFILE_BYTES } from "../color/find.ts";
import type { ColorSpace } from "../color/little-cms.ts";
import { isSrgb } from "../color-profile.ts";
import { imageWarning } from "../warnings.ts";
import { type Directory, fieldBytes } from "./directory.ts";
import { readExtraSamples } from "./extra-samples.ts";
import type { Page } from "./page.ts";
import { PALETTE_COLORS, type Palette } from "./palette.ts";
import type { Planes } from "./planes.ts";
import { PHOTOMETRIC, TAG } from "./tags.ts";

/** Of a color profile: its header, its table and, in all common ones, its name. */
const PROFILE_BEGINNING = 4096;
/** Value of SampleFormat: the writer did not know. */
const UNDEFINED_SAMPLES = 4;

/** By photometric interpretation; those of a palette are RGB, whatever it is. */
const SPACES: ReadonlyMap<
  number,
  { readonly space: ColorSpace; readonly samples: number; readonly coding?: SampleCoding }
> = new Map([
  [PHOTOMETRIC.whiteIsZero, { space: "gray", samples: 1 }],
  [PHOTOMETRIC.blackIsZero, { space: "gray", samples: 1 }],
  [PHOTOMETRIC.rgb, { space: "rgb", samples: 3 }],
  [PHOTOMETRIC.ycbcr, { space: "rgb", samples: 3 }],
  [PHOTOMETRIC.cmyk, { space: "cmyk", samples: 4 }],
  [PHOTOMETRIC.lab, { space: "lab", samples: 3, coding: "cielab" }],
  [PHOTOMETRIC.iccLab, { space: "lab", samples: 3, coding: "icclab" }],
]);

/** What the numbers of a file mean beyond what is made of them, and how they become sRGB. */
export async function tiffColors(planes: Planes, page: Page, palette: Palette | null): Promise<FoundColors> {
  const directory = planes.ownDirectory(0);
  if (!directory) return { colors: null, warnings: [] };
  const { space = "rgb", coding = "plain" } = (palette ? undefined : SPACES.get(page.photometric)) ?? {};
  const { colors, warnings } = findColors({
    ...{ space, coding, dataType: palette?.type ?? page.dataType },
    channels: palette ? colorsOf(planes) : await componentsOf(planes, directory, page),
    isNegative: isNegative(page),
    profile: await profileOf(directory),
  });
  const isUndefined = (await directory.number(TAG.sampleFormat, 1)) === UNDEFINED_SAMPLES;
  return {
    colors,
    warnings: [...(isNegative(page) ? [INVERTED] : []), ...warnings, ...(isUndefined ? [UNDEFINED] : [])],
  };
}

/** Large numbers mean darkness. */
export function isNegative({ photometric }: Page): boolean {
  return photometric === PHOTOMETRIC.whiteIsZero;
}

/** Of a palette. */
function colorsOf({ arrangement }: Planes): readonly number[] | null {
  return arrangement.columns > 1 ? null : PALETTE_COLORS;
}

/** The channels of a color; null where there are several colors, or other samples among which there is no telling them. */
async function componentsOf(
  { arrangement }: Planes,
  directory: Directory,
  { photometric, samples }: Page,
): Promise<readonly number[] | null> {
  const own = SPACES.get(photometric)?.samples;
  if (own === undefined || arrangement.columns > 1) return null;
  const { alpha } = await readExtraSamples(directory, samples, photometric);
  const isGray = own > 1 || samples === (alpha === null ? 1 : 2);
  return samples >= own && (alpha ?? own) >= own && isGray ? Array.from({ length: own }, (_, at) => at) : null;
}

/** Its beginning alone where that tells that it is of sRGB. */
async function profileOf(directory: Directory): Promise<Uint8Array | "too large" | null> {
  const entry = directory.entry(TAG.iccProfile);
  const beginning = await directory.beginning(TAG.iccProfile, PROFILE_BEGINNING);
  if (!entry || !beginning || isSrgb(beginning)) return beginning;
  if (entry.count * fieldBytes(entry) > MAX_PROFILE_BYTES) return "too large";
  const profile = await directory.bytes(TAG.iccProfile, MAX_PROFILE_BYTES);
  return profile && new Uint8Array(profile);
}

const INVERTED = imageWarning(
  "VALUES_INVERTED",
  "Its numbers mean darkness (WhiteIsZero). Formulas read them as they are stored; its picture shows them inverted: invert().",
);

const UNDEFINED = imageWarning(
  "TYPE_GUESSED",
  "It does not say what its samples are: they are read as whole numbers from 0. Write its SampleFormat anew where they show wrong.",
);
