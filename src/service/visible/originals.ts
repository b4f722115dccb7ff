import { BandloomError } from "../../core/errors.ts";
import type { Original, OriginalEntry, Originals } from "../types/original.ts";
import type { VisibleImages } from "./images.ts";

/** Files of images that may be read. */
export class VisibleOriginals implements Originals {
  readonly #originals: Originals;
  readonly #images: VisibleImages;

  constructor(originals: Originals, images: VisibleImages) {
    this.#originals = originals;
    this.#images = images;
  }

  async list(): Promise<readonly OriginalEntry[]> {
    return this.#images.only(await this.#originals.list(), ({ key }) => key);
  }

  async owners(name: string): Promise<readonly string[]> {
    return this.#images.only(await this.#originals.owners(name), (key) => key);
  }

  async open(name: string): Promise<Original> {
    if ((await this.owners(name)).length > 0) return this.#originals.open(name);
    throw new BandloomError("NOT_FOUND", "There is no such file of an image.");
  }
}
