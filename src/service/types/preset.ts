import type { Diagnostic } from "../../formula/diagnostic.ts";
import type { PresetCategory } from "../../formula/index.ts";
import type { ServedImage } from "./image.ts";

/** A formula with a name. */
export interface Preset {
  readonly name: string;
  /** What it is, in a line. */
  readonly title: string | null;
  readonly description: string | null;
  /** Of the library, beside an image: with that image's channels; alone: with names of bands, or null where it is made of any channels. */
  readonly formula: string | null;
  /** The image that it belongs to; null: any that can evaluate it. */
  readonly imageKey: string | null;
  readonly category: PresetCategory | null;
  readonly reference: string | null;
  readonly origin: "library" | "catalogue" | "saved";
}

/** `imageKey` left out: the nearest to the image of that name; null: one that belongs to no image. */
export interface PresetRef {
  readonly name: string;
  readonly imageKey?: string | null;
}

export interface PresetToSave {
  readonly name: string;
  readonly formula: string;
  readonly description: string | null;
  readonly imageKey: string | null;
}

export interface SavedPreset {
  /** Null: `problem` says why. */
  readonly preset: Preset | null;
  readonly problem: { readonly field: keyof PresetToSave; readonly message: string } | null;
  /** What is wrong with the formula on its image. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface PresetService {
  all(): Promise<readonly Preset[]>;
  /** Those that an image can evaluate, the nearest to it first; one of a name. */
  ofImage(image: ServedImage, signal?: AbortSignal): Promise<readonly Preset[]>;
  /** Null: there is none, or none that the image can evaluate. */
  find(image: ServedImage, ref: PresetRef): Promise<Preset | null>;
  saved(ref: { readonly name: string; readonly imageKey: string | null }): Promise<Preset | null>;
  fromLibrary(name: string): Preset | null;
  /** Replaces one of the same name and image. NOT_FOUND for an image that there is not, LIMIT_EXCEEDED for too many. */
  save(preset: PresetToSave, signal?: AbortSignal): Promise<SavedPreset>;
  /** False: there was none. */
  delete(name: string, imageKey: string | null): Promise<boolean>;
}
