import { isSourceChanged } from "../source/index.ts";
import type { BoundFormulas } from "./formulas.ts";
import type { CatalogueImages } from "./images.ts";
import { sameSize } from "./same-size.ts";
import type { ValidFormula } from "./types/formula.ts";

/** What to do when a file turns out to have changed under the work: look at it again, and do the work once more. */
export class CurrentFormulas {
  readonly #images: CatalogueImages;
  readonly #formulas: BoundFormulas;

  constructor(images: CatalogueImages, formulas: BoundFormulas) {
    this.#images = images;
    this.#formulas = formulas;
  }

  /** Work on a formula, and once more on the file as it is now where it changed under the work. */
  async retry<T>(
    formula: ValidFormula,
    work: (formula: ValidFormula) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    try {
      return await work(formula);
    } catch (error) {
      const current = isSourceChanged(error) ? await this.rebind(formula, signal) : null;
      if (!current) throw error;
      return work(current);
    }
  }

  /** The same text on the file as it is now; null where that is another size, so that places in it mean something else. */
  async rebind(
    { image, others, source, plane, numbersAlone }: ValidFormula,
    signal: AbortSignal | undefined,
  ): Promise<ValidFormula | null> {
    for (const { key } of [image, ...others]) this.#images.recheck(key);
    const now = await this.#images.get(image.key, signal);
    if (!sameSize(now, image)) return null;
    const bound = await this.#formulas.bind(now, source, { ...plane, numbersAlone }, signal);
    return bound.valid ? bound : null;
  }
}
