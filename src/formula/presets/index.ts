import { channelText } from "../check/names.ts";
import { tokenize } from "../syntax/lexer.ts";
import type { Token } from "../syntax/token.ts";
import { channelOfBand, isBand, type PresetChannel } from "./bands.ts";
import { compositePresets } from "./composites.ts";
import { lightPresets } from "./light-sources.ts";
import { surfacePresets } from "./surface.ts";
import type { LibraryPreset } from "./types.ts";
import { vegetationPresets } from "./vegetation.ts";

export type { PresetChannel } from "./bands.ts";
export { type LibraryPreset, PRESET_CATEGORIES, type PresetCategory } from "./types.ts";

/** Spectral indices and colour recipes of the literature. Each has a name of its own, whatever its case. */
export const presetLibrary: readonly LibraryPreset[] = [
  ...vegetationPresets,
  ...surfacePresets,
  ...compositePresets,
  ...lightPresets,
];

/** Bands that a preset names, each once; none where it is made of whatever channels there are. */
export function bandsOf({ formula }: LibraryPreset): readonly string[] {
  return formula === null ? [] : [...new Set(bandTokens(formula).map(({ text }) => text))];
}

/** A preset as the formula of an image, channels in the place of bands; null: the image lacks one of them. */
export function formulaOfPreset(preset: LibraryPreset, channels: readonly PresetChannel[]): string | null {
  const { formula, make, physical } = preset;
  if (formula === null) return make?.(channels) ?? null;
  let text = "";
  let written = 0;
  for (const { text: name, from, to } of bandTokens(formula)) {
    const index = channelOfBand(name, channels);
    if (index === null) return null;
    const channel = channelIn(formula, channels, index);
    text += formula.slice(written, from) + (physical ? `phys(${channel})` : channel);
    written = to;
  }
  return text + formula.slice(written);
}

/** A channel by its name, where nothing of the preset has that name; one that looks like a number is clearly a name in backticks. */
function channelIn(formula: string, channels: readonly PresetChannel[], index: number): string {
  const text = channelText({ channels, depth: 1, times: 1 }, index, 0, 0);
  if (/^b\d+$/i.test(text)) return `\`${text}\``;
  return tokenize(formula).some((token) => token.text === text) && !isBand(text) ? `@${index + 1}` : text;
}

/** Names that are no functions and no texts, and that mean a band. */
function bandTokens(formula: string): readonly Token[] {
  const tokens = tokenize(formula);
  return tokens.filter(({ kind, text }, index) => kind === "name" && isBand(text) && tokens[index + 1]?.text !== "(");
}
