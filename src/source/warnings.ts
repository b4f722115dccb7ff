/** What readers ignore, guess or approximate: a stable code each, and what it means whatever the file. */
export const IMAGE_WARNINGS = {
  SIDECAR_NOT_READ: "A file beside the image belongs to it and is not read.",
  MASK_NOT_APPLIED: "The file has a mask that is not applied.",
  COLORS_CONVERTED:
    "The default picture shows sRGB that is made of the samples; their channels are as they are stored.",
  PROFILE_NOT_APPLIED:
    "The file says by a profile, or in other words, that its colors are not sRGB: its numbers are shown as if they were.",
  COLORS_NOT_CONVERTED: "The samples are no red, green and blue, and nothing tells exactly what colors they mean.",
  VALUES_INVERTED: "Large numbers mean darkness, and are kept; the default picture inverts them.",
  ALPHA_NOT_DECLARED: "A sample beside the colors may be alpha, which the file does not say: it is a channel.",
  ALPHA_NOT_APPLIED: "The file has more than one alpha: the first is applied.",
  ALPHA_DIVIDED: "The colors were multiplied by their alpha, and are divided by it.",
  NODATA_NOT_USED: "The file's no-data value is none that its samples can have.",
  NODATA_APPROXIMATED: "The file's no-data text is not quite a value of its samples.",
  NAMES_NOT_MATCHED: "Descriptions of channels do not match the channels.",
  METADATA_NOT_USED: "Metadata are damaged, contradict the image, or tell what is not shown.",
  PLACE_NOT_KNOWN: "The file's place on Earth is left out.",
  CRS_NOT_KNOWN: "The reference system is not known here, so neither are bounds in degrees.",
  DATUM_NOT_KNOWN: "The datum of the reference system is not known here: bounds in degrees are approximate.",
  TYPE_GUESSED: "The file does not say what its samples are.",
  VERSION_GUESSED: "The file's version is not known.",
  LEVELS_NOT_USED: "Levels of the pyramid are stored that are not used.",
  PLANES_MISSING: "Planes that the metadata name cannot be read.",
  CHUNKS_MISSING: "Tiles or strips were never written.",
  FRAMES_NOT_SHOWN: "The file has frames of which one is shown.",
  MORE_WARNINGS: "There are more warnings than are kept.",
} as const satisfies Readonly<Record<string, string>>;

export type ImageWarningCode = keyof typeof IMAGE_WARNINGS;

/** Something a reader ignored, guessed or approximated. Plain data. */
export interface ImageWarning {
  readonly code: ImageWarningCode;
  /** What is odd and what to do about it, in sentences for people. Names no path. */
  readonly message: string;
  /** Which channel it is about, from 0; null: the image. */
  readonly channel: number | null;
}

/** Of one image: a file may repeat its fault for each of thousands of channels. */
const MAX_WARNINGS = 32;

export function imageWarning(
  code: ImageWarningCode,
  message: string,
  channel: ImageWarning["channel"] = null,
): ImageWarning {
  return { code, message, channel };
}

/** Each once, in their order; what several channels share is about the image. At most MAX_WARNINGS, the last of which counts the rest. */
export function boundedWarnings(warnings: readonly ImageWarning[]): readonly ImageWarning[] {
  const known = new Map<string, ImageWarning>();
  for (const one of warnings) {
    const key = `${one.code} ${one.message}`;
    const before = known.get(key);
    known.set(key, before && before.channel !== one.channel ? { ...one, channel: null } : one);
  }
  const all = [...known.values()];
  if (all.length <= MAX_WARNINGS) return all;
  const kept = all.slice(0, MAX_WARNINGS - 1);
  return [...kept, imageWarning("MORE_WARNINGS", `There are ${all.length - kept.length} more warnings.`)];
}
