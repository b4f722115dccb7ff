import { BandloomError } from "../../core/errors.ts";
import type { Reader } from "../../core/reader.ts";
import { imagesNamed, mayNameImages } from "../../formula/index.ts";
import type { ImagePreset } from "../catalogue/types.ts";
import type { ImageListOptions, ImageService, ServedImage } from "../types/image.ts";

/** For who may not read an image there is none, whether it exists or not: nothing is looked up before that is known. */
export function noSuchImage(): BandloomError {
  return new BandloomError("NOT_FOUND", "There is no such image. `{ images { nodes { key } } }` lists them.");
}

/** The images of a catalogue that one reader may see: the one place where that is asked. */
export class VisibleImages implements ImageService {
  readonly #images: ImageService;
  readonly #reader: Reader;

  constructor(images: ImageService, reader: Reader) {
    this.#images = images;
    this.#reader = reader;
  }

  async get(key: string, signal?: AbortSignal): Promise<ServedImage> {
    if (!(await this.has(key, signal))) throw noSuchImage();
    const image = await this.#images.get(key, signal);
    const { defaultFormula } = image;
    // One that names what may not be read would tell of it, and show nothing.
    if (defaultFormula === null || (await this.allNamed(defaultFormula))) return image;
    return { ...image, defaultFormula: null };
  }

  /** Null: what needs no promise is for who may see everything. */
  fresh(): null {
    return null;
  }

  async keys(options?: ImageListOptions): Promise<readonly string[]> {
    return this.only(await this.#images.keys(options), (key) => key);
  }

  async presets(): Promise<readonly ImagePreset[]> {
    return this.only(await this.#images.presets(), ({ imageKey }) => imageKey);
  }

  /** The images are closed by who opened them. */
  async close(): Promise<void> {}

  async has(key: string, signal?: AbortSignal): Promise<boolean> {
    return (await this.#reader.mayRead([key], signal))[0] === true;
  }

  /** Those of a list whose images may be read, and those of no image (null). */
  async only<One>(list: readonly One[], keyOf: (one: One) => string | null): Promise<readonly One[]> {
    const keys = [...new Set(list.flatMap((one) => keyOf(one) ?? []))];
    const answers = await this.#reader.mayRead(keys);
    const readable = new Set(keys.filter((_, index) => answers[index] === true));
    return list.filter((one) => {
      const key = keyOf(one);
      return key === null || readable.has(key);
    });
  }

  /** Whether every image that a formula names may be read: its text tells their keys. */
  async allNamed(text: string): Promise<boolean> {
    if (!mayNameImages(text)) return true;
    const answers = await this.#reader.mayRead(imagesNamed(text));
    return answers.every(Boolean);
  }
}
