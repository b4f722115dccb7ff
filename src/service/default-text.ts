import type { ColorMode } from "../core/color-mode.ts";
import { isFloat } from "../core/dtype.ts";
import { ChannelNames } from "../formula/index.ts";
import { SRGB_NAMES } from "../source/color/names.ts";
import type { ChannelInfo } from "../source/types.ts";
import { layersText } from "./sugar.ts";
import { bandsOfTrueColor } from "./true-color.ts";
import type { ServedImage } from "./types/image.ts";

/** Colors of a merge, where the file gives a channel none. */
const UNCOLORED = "#ffffff";
/** More are no picture, and a formula reads so many at most. */
const MAX_ACTIVE = 64;
/** Channels of a merge that nobody chose: the colors of more hide each other. */
const MAX_COLORED = 8;
/** Codes that a formula tells apart: more than these are no picture of classes. */
const MAX_CLASSES = 64;
const COLORS = ["red", "green", "blue"];
const PLATES = ["cyan", "magenta", "yellow", "black"];

/**
 * What is shown of an image when nobody says. The first that there is: the catalogue's formula; the channels that the file calls active as a merge
 * in their colors; the sRGB that its profile makes; red, green and blue; the colors that plates of cyan, magenta, yellow and black print; a merge of the channels that have
 * colors; the first channel in the colors of its classes; the first channel that is not the opacity of others, inverted where large numbers mean darkness.
 */
export function defaultText({ info, defaultFormula }: ServedImage, color: ColorMode = "srgb"): string {
  const isShown = (channel: ChannelInfo) => !channel.alpha && (color === "srgb" || !isConverted(channel));
  const channels = info.channels.filter(isShown);
  const rules = color === "srgb" ? SRGB_RULES : STORED_RULES;
  return defaultFormula ?? rules.map((rule) => rule(channels, info)).find((text) => text !== null) ?? "@1";
}

type Rule = (channels: readonly ChannelInfo[], info: ServedImage["info"]) => string | null;

const active: Rule = (channels) => mergeText(channels.filter((channel) => channel.active).slice(0, MAX_ACTIVE));

/** In OMERO's manner. A file that switches channels off, or leaves all white, has not colored them for a merge. */
const colored: Rule = (channels) => {
  const candidates = channels.filter(({ color, active, kind }) => color && active === null && kind === "continuous");
  if (candidates.every(({ color }) => color === UNCOLORED)) return null;
  return mergeText(candidates.toSorted((a, b) => brightness(b) - brightness(a)).slice(0, MAX_COLORED));
};

function isConverted({ derived, name }: ChannelInfo): boolean {
  return derived && SRGB_NAMES.some((one) => one === name);
}

/** Its darkness is meant. */
const converted: Rule = (channels) => {
  const found = channels.filter(isConverted).slice(0, SRGB_NAMES.length);
  return found.length === SRGB_NAMES.length ? `rgb(${found.map((one) => `norm(${reference(one)})`).join(", ")})` : null;
};

const rgb: Rule = (channels, info) => {
  const found = tripleOf(channels) ?? namedColors(channels, info) ?? bandsOfTrueColor(channels);
  return found && `rgb(${found.map(reference).join(", ")})`;
};

/** As inks without a profile: each takes its color from the light, and black takes all. */
const printed: Rule = (channels) => {
  const plates = PLATES.map((name) => channels.find((channel) => channel.name.toLowerCase() === name));
  const [cyan, magenta, yellow, black] = plates;
  if (!(cyan && magenta && yellow && black)) return null;
  return `rgb(${[cyan, magenta, yellow].map((plate) => `${light(plate)} * ${light(black)}`).join(", ")})`;
};

/** In the colors of its classes, as a table beside the file gives them; those of a palette are red, green and blue already. */
const classed: Rule = ([channel], { format }) => {
  // Of labels a few may have colors: the others would not be seen.
  if (!channel?.classes || channel.kind !== "categorical" || format.startsWith("OME-Zarr")) return null;
  const { classes } = channel;
  if (classes.length === 0 || classes.length > MAX_CLASSES || classes.some(({ color }) => color === null)) return null;
  return `classes(${reference(channel)}, ${classes.map(({ value, color }) => `${value}: "${color}"`).join(", ")})`;
};

const first: Rule = ([channel]) => (channel ? reference(channel) : null);

const negative: Rule = ([channel], { negative: isNegative }) =>
  channel && isNegative === true ? `invert(${reference(channel)})` : null;

const STORED_RULES: readonly Rule[] = [active, rgb, printed, colored, classed, first];
const SRGB_RULES: readonly Rule[] = [active, converted, rgb, printed, colored, classed, negative, first];

function mergeText(channels: readonly ChannelInfo[]): string | null {
  if (channels.length === 0) return null;
  const layer = (channel: ChannelInfo) => ({ expression: reference(channel), color: channel.color ?? UNCOLORED });
  return layersText(channels.map((channel) => ({ ...layer(channel), visible: true, blend: "screen" })));
}

/** Red, green and blue beside each other, whatever they are of: `HE red`, `HE green`, `HE blue`. */
function tripleOf(channels: readonly ChannelInfo[]): readonly ChannelInfo[] | null {
  const at = channels.findIndex((channel) => {
    const prefix = prefixOf(channel, "red");
    const three = channels.filter(({ index }) => index >= channel.index && index < channel.index + COLORS.length);
    return prefix !== null && COLORS.every((color, place) => three[place] && prefixOf(three[place], color) === prefix);
  });
  return at < 0 ? null : channels.slice(at, at + COLORS.length);
}

/** What stands before a color in a name; null: it is no name of that color. */
function prefixOf({ name }: ChannelInfo, color: string): string | null {
  const match = /^(.*[\s_:.-])?(red|green|blue)$/i.exec(name.trim());
  return match?.[2]?.toLowerCase() === color ? (match[1] ?? "") : null;
}

/** Channels of these names anywhere, if there is one of each. */
function namedColors(channels: readonly ChannelInfo[], info: ServedImage["info"]): readonly ChannelInfo[] | null {
  const names = new ChannelNames(info);
  const found = COLORS.flatMap((color) => {
    const match = names.find(color, false);
    const index = match.kind === "found" && match.by !== "ordinal" ? match.index : -1;
    return channels.find((channel) => channel.index === index) ?? [];
  });
  return found.length === COLORS.length ? found : null;
}

function reference({ index }: ChannelInfo): string {
  return `@${index + 1}`;
}

/** What an ink lets through, 0 … 1. */
function light(plate: ChannelInfo): string {
  return isFloat(plate.dataType) ? `(1 - window(${reference(plate)}, 0, 1))` : `(1 - norm(${reference(plate)}))`;
}

/** Of a display color: ITU-R BT.709. */
function brightness({ color }: ChannelInfo): number {
  const part = (at: number) => Number.parseInt((color ?? UNCOLORED).slice(at, at + 2), 16);
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}
