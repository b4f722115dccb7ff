import { INKS_WARNING, isSrgb, PROFILE_WARNING } from "../color-profile.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import type { Page } from "./page.ts";
import type { Planes } from "./planes.ts";
import { PHOTOMETRIC, TAG } from "./tags.ts";

/** Of a color profile: its header, its table and, in all common ones, its name. */
const PROFILE_BEGINNING = 4096;
/** Value of SampleFormat: the writer did not know. */
const UNDEFINED_SAMPLES = 4;

/** What the numbers of a file mean beyond what is made of them. */
export async function colorWarnings(planes: Planes, { photometric }: Page): Promise<readonly ImageWarning[]> {
  const directory = planes.ownDirectory(0);
  if (!directory) return [];
  const warning = BY_PHOTOMETRIC.get(photometric);
  const profile = await directory.beginning(TAG.iccProfile, PROFILE_BEGINNING);
  const isUndefined = (await directory.number(TAG.sampleFormat, 1)) === UNDEFINED_SAMPLES;
  return [
    ...(warning ? [warning] : []),
    ...(profile && !isSrgb(profile) ? [PROFILE_WARNING] : []),
    ...(isUndefined ? [UNDEFINED] : []),
  ];
}

const UNDEFINED = imageWarning(
  "TYPE_GUESSED",
  "It does not say what its samples are: they are read as whole numbers from 0. Write its SampleFormat anew where they show wrong.",
);

const BY_PHOTOMETRIC: ReadonlyMap<number, ImageWarning> = new Map([
  [
    PHOTOMETRIC.whiteIsZero,
    imageWarning(
      "VALUES_INVERTED",
      "Its numbers mean darkness (WhiteIsZero): they are kept, so that it shows inverted unless a formula inverts it: invert().",
    ),
  ],
  [PHOTOMETRIC.cmyk, INKS_WARNING],
  [
    PHOTOMETRIC.lab,
    imageWarning(
      "COLORS_NOT_CONVERTED",
      "Its samples are CIE L*a*b*, each a channel: no colors are made of them. Convert it to sRGB, for example with vips colourspace.",
    ),
  ],
]);
