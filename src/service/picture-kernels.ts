import { LRUCache } from "lru-cache";
import { BandloomError } from "../core/errors.ts";
import { type Expr, interpret } from "../formula/index.ts";
import { type Kernel, KernelCache, type KernelOutput } from "../kernel/index.ts";
import { planeInput, servedLevel } from "../plan/index.ts";
import type { PictureFormat } from "../render/index.ts";
import type { ValidFormula } from "./types.ts";

const MAX_KERNELS = 1024;

/** Kernels of formulas, one for each way in which samples lie in memory and pixels are wanted. */
export class PictureKernels {
  readonly #cache = new KernelCache();
  readonly #kernels = new LRUCache<string, Kernel>({ max: MAX_KERNELS });

  /** The kernel of a picture. `padded`: pixels beyond the image must be transparent where the format can say so. */
  picture(bound: ValidFormula, level: number, format: PictureFormat, padded: boolean): Kernel {
    if (format === "npy") return this.values(bound, level);
    const { display } = bound.formula;
    if (!display) {
      const count = bound.formula.values.length;
      const message = `The formula has ${count} outputs, and a picture has 1, 3 or 4. Ask for npy, or leave some out.`;
      throw new BandloomError("FORMULA_INVALID", message);
    }
    return this.#kernel(bound, level, pictureOutput(display, format, padded), [display]);
  }

  /** The numbers before the display chain, a plane each; `count`: the first of them alone. */
  values(bound: ValidFormula, level: number, count = bound.formula.values.length): Kernel {
    return this.#kernel(bound, level, "float32", bound.formula.values.slice(0, count));
  }

  /** Colours under single points; null where the formula makes no picture. */
  colour(bound: ValidFormula, level: number): Kernel | null {
    const { display } = bound.formula;
    return display && this.#kernel(bound, level, "rgba8", [display]);
  }

  #kernel({ image, formula }: ValidFormula, level: number, output: KernelOutput, expressions: readonly Expr[]): Kernel {
    const { info } = image;
    const served = servedLevel(info, level);
    const key = JSON.stringify([image.key, image.revision, served.kind, output, formula.hash, expressions.length]);
    const known = this.#kernels.get(key);
    if (known) return known;
    const inputOf = (channel: number, z: number, t: number) => planeInput(info, served, channel, z, t);
    const kernel = this.#cache.compile({ output, expressions, inputOf });
    this.#kernels.set(key, kernel);
    return kernel;
  }
}

/** JPEG has no alpha; other formats get it where a pixel can lack data, or a colour be transparent. */
function pictureOutput(display: Expr, format: PictureFormat, padded: boolean): KernelOutput {
  const opaque = display.type === "color" ? "rgb8" : "gray8";
  if (format === "jpeg") return opaque;
  const transparent = padded || display.interval.nan || components(display) === 4;
  return transparent ? "rgba8" : opaque;
}

/** How many components an expression has does not depend on its pixels. */
function components(display: Expr): number {
  return display.type === "color" ? interpret(display, () => 0).length : 1;
}
