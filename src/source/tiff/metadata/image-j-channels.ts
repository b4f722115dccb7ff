import { type ImageWarning, imageWarning } from "../../warnings.ts";
import { displayRange, type ImageJStack } from "./image-j.ts";
import type { ImageJBlocks } from "./image-j-blocks.ts";
import { areNames, shownName, type ToldChannel } from "./told-channel.ts";

/** Of one color component. */
const LUT_LENGTH = 256;
/** Between a stored ramp and an exact one: writers round either way. */
const MAX_LUT_ERROR = 2;
/** What ImageJ gives channels without lookup tables (`CompositeImage`); of more channels than these it makes no merge. */
const USUAL_COLORS = ["#ff0000", "#00ff00", "#0000ff", "#ffffff", "#00ffff", "#ff00ff", "#ffff00"];
/** `c:1/3 z:2/5 - title`, as importers label each plane: where it lies, and no name. */
const POSITION = /^[czt]:\d+\/\d+/;

interface Told {
  readonly channels: readonly ToldChannel[];
  readonly warnings: readonly ImageWarning[];
}

/** Names, colors, windows and what is shown, as ImageJ shows the stack. What it cannot tell is null, with a warning where something is lost. */
export function imageJChannels(stack: ImageJStack, { labels, luts, ranges }: ImageJBlocks): Told {
  const names = channelNames(stack, labels);
  const ownLuts = luts.length === stack.channels ? luts : [];
  const ownRanges = ranges.length === 2 * stack.channels ? ranges : [];
  const colors = ownLuts.length > 0 ? ownLuts.map(rampColor) : usualColors(stack);
  const channels = Array.from({ length: stack.channels }, (_, channel) => ({
    name: names[channel] ?? null,
    color: colors[channel] ?? null,
    window: windowOf(stack, ownRanges, channel),
    active: isActive(stack, channel),
  }));
  const hasLabels = labels.some((label) => label !== "");
  const isOther = ownLuts.length < luts.length || ownRanges.length < ranges.length;
  const warnings = [
    ...(hasLabels && names.length === 0 ? [LABELS_OF_SLICES] : []),
    ...(isOther ? [OTHER_CHANNELS] : []),
    ...ownLuts.flatMap((_, channel) => (colors[channel] ? [] : [{ ...NO_RAMP, channel }])),
  ];
  return { channels, warnings };
}

/** What is said of an image of any kind and is not honored. */
export function imageJWarnings({ isCalibrated }: ImageJStack, { hasOverlay }: ImageJBlocks): readonly ImageWarning[] {
  return [...(hasOverlay ? [OVERLAY] : []), ...(isCalibrated ? [CALIBRATED] : [])];
}

const LABELS_OF_SLICES = imageWarning(
  "NAMES_NOT_MATCHED",
  "ImageJ's labels name slices, not channels: they are left out. Give all slices of a channel one label, in Image > Stacks > Set Label.",
);
const OTHER_CHANNELS = imageWarning(
  "METADATA_NOT_USED",
  "ImageJ's lookup tables or display ranges are of other channels than it has: they are left out. Save it anew in ImageJ.",
);
const NO_RAMP = imageWarning(
  "METADATA_NOT_USED",
  "ImageJ's lookup table is no ramp from black to a color: the channel has no color. Choose a colormap for it.",
);
const OVERLAY = imageWarning("METADATA_NOT_USED", "ImageJ's overlay and selection are not shown.");
const CALIBRATED = imageWarning(
  "METADATA_NOT_USED",
  "ImageJ's calibration of values is not applied: values are as they are stored.",
);

/** Labels that all planes of a channel share, where they tell channels apart; else none. Channels count fastest. */
function channelNames({ channels }: ImageJStack, labels: readonly string[]): readonly string[] {
  const own = Array.from({ length: channels }, () => new Set<string>());
  for (const [plane, label] of labels.entries()) {
    const name = shownName(label);
    if (name) own[plane % channels]?.add(name);
  }
  const names = own.map((found) => {
    const [name] = found;
    return found.size === 1 && name !== undefined && !POSITION.test(name) ? name : null;
  });
  return areNames(names) ? names : [];
}

/** Of a stack without lookup tables; channels behind these colors are white. */
function usualColors({ channels, mode }: ImageJStack): readonly string[] {
  const isColored = channels > 1 && (mode === "composite" || mode === "color");
  return isColored ? Array.from({ length: channels }, (_, channel) => USUAL_COLORS[channel] ?? "#ffffff") : [];
}

/** By the ranges of all channels; the description tells one only, of the channel that was looked at. */
function windowOf(stack: ImageJStack, ranges: readonly number[], channel: number): ImageJStack["range"] {
  if (ranges.length === 0) return stack.channels === 1 ? stack.range : null;
  return displayRange(ranges[2 * channel] ?? null, ranges[2 * channel + 1] ?? null);
}

/** The color that a lookup table rises to from black in even steps; null: it does otherwise. */
function rampColor(lut: Uint8Array): string | null {
  if (lut.length !== 3 * LUT_LENGTH) return null;
  const ends = [1, 2, 3].map((part) => lut[part * LUT_LENGTH - 1] ?? 0);
  const isRamp = lut.every((value, at) => {
    const exact = ((ends[Math.floor(at / LUT_LENGTH)] ?? 0) * (at % LUT_LENGTH)) / (LUT_LENGTH - 1);
    return Math.abs(value - exact) <= MAX_LUT_ERROR;
  });
  const color = `#${ends.map((end) => end.toString(16).padStart(2, "0")).join("")}`;
  return isRamp && ends.some((end) => end > 0) ? color : null;
}

/** A merge shows all channels, up to seven. Else ImageJ shows the first: in its color, or in gray, as an image of which no channel is active. */
function isActive({ channels, mode }: ImageJStack, channel: number): boolean | null {
  if (channels === 1 || mode === null) return null;
  const isMerge = mode === "composite" && channels <= USUAL_COLORS.length;
  return isMerge || (mode !== "grayscale" && channel === 0);
}
