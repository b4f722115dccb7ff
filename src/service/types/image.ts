import type { SourceRef } from "../../render/types.ts";
import type { ImageInfo } from "../../source/types.ts";
import type { CataloguePreset, ImagePreset } from "../catalogue/types.ts";

/** An image of the catalogue, opened: description and identity of its bytes at one moment. */
export interface ServedImage {
  readonly key: string;
  /** Display name; the key's last part unless the file tells one. */
  readonly name: string;
  readonly description: string | null;
  /** Formula of the image where a client names none; null: the rules of display decide. */
  readonly defaultFormula: string | null;
  readonly presets: readonly CataloguePreset[];
  readonly info: ImageInfo;
  /** Identity of the bytes, hex, and of the image's last purge where there was one. */
  readonly revision: string;
  readonly source: SourceRef;
  /** Levels by powers of two, stored or virtual; level 0 is full resolution. */
  readonly levels: number;
  /** When its chunks no longer count as the same, milliseconds since 1970: nobody looks at them. Null: its revision tells. */
  readonly holdsUntil: number | null;
}

export interface ImageListOptions {
  readonly search?: string;
}

export interface ImageService {
  /** NOT_FOUND for an unknown key, SOURCE_UNREADABLE for a file that cannot be read. Revision checked at most once a second. */
  get(key: string, signal?: AbortSignal): Promise<ServedImage>;
  /** The image as `get` would give it, without a promise: only where its revision was checked within the last second; else null. */
  fresh(key: string): ServedImage | null;
  /** All keys, or those that hold `search` in themselves or in their name in the catalogue; sorted by code point. */
  keys(options?: ImageListOptions): Promise<readonly string[]>;
  /** All presets that the catalogue names, sorted by key of their image and by name, by code point. */
  presets(): readonly ImagePreset[] | Promise<readonly ImagePreset[]>;
  close(): Promise<void>;
}
