import type { PresetChannel } from "./bands.ts";

/** What a preset of the library is for. */
export const PRESET_CATEGORIES = [
  "vegetation",
  "water",
  "snow",
  "fire",
  "soil",
  "built-up",
  "composite",
  "microscopy",
  "astronomy",
] as const;
export type PresetCategory = (typeof PRESET_CATEGORIES)[number];

/** A formula of the literature, written with bands instead of channels. */
export interface LibraryPreset {
  /** As the literature abbreviates it. */
  readonly name: string;
  readonly title: string;
  readonly category: PresetCategory;
  /** Where it comes from. */
  readonly reference: string;
  /** Names of bands stand for channels (bands.ts). Null where it is made of whatever channels an image has. */
  readonly formula: string | null;
  /** The formula of an image whose channels it is made of; null: they do not suffice. */
  readonly make?: (channels: readonly PresetChannel[]) => string | null;
  /** Bands are physical values (reflectance, 0 … 1): the scale and offset of the file apply. */
  readonly physical: boolean;
}

/** Rows of a table of indices: name, title, formula, reference. */
export type IndexRow = readonly [name: string, title: string, formula: string, reference: string];

export function indices(category: PresetCategory, rows: readonly IndexRow[]): readonly LibraryPreset[] {
  return rows.map(([name, title, formula, reference]) => ({
    ...{ name, title, category, formula, reference, physical: true },
  }));
}
