import type { BandloomError } from "../../core/errors.ts";
import type { Location } from "../../source/index.ts";

/** A formula that the catalogue names for one image. */
export interface CataloguePreset {
  readonly name: string;
  readonly formula: string;
  readonly description: string | null;
}

/** An image as the catalogue knows it, before anything of it is read. */
export interface CatalogueEntry {
  readonly key: string;
  readonly location: Location;
  /** What the catalogue says for people; null: nothing, the image may tell itself. */
  readonly name: string | null;
  readonly description: string | null;
  /** Formula of the image where a client names none. */
  readonly formula: string | null;
  readonly presets: readonly CataloguePreset[];
  /** Why it cannot be opened, where the catalogue knows already; null: it may be tried. */
  readonly problem: BandloomError | null;
}

/** A preset and the image that it belongs to. */
export interface ImagePreset extends CataloguePreset {
  readonly imageKey: string;
}

/** Which images there are, and where they lie. */
export interface ImageFiles {
  /** Null for a key of nothing, whatever the reason. A promise where the list lies behind a network. */
  find(key: string): CatalogueEntry | null | Promise<CatalogueEntry | null>;
  /** All keys, or those that hold `search` in any case, as their names in the catalogue do; sorted by code point, at most a second old. */
  keys(search?: string): Promise<readonly string[]>;
  /** All presets, sorted by key of their image and by name, by code point. */
  presets(): readonly ImagePreset[];
  /** Why no image at all can be found yet, for a client; null: they can. */
  lacks(): string | null;
  close(): void;
}
