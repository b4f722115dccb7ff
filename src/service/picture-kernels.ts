import { LRUCache } from "lru-cache";
import { BandloomError } from "../core/errors.ts";
import { type Expr, interpret, placedLevel } from "../formula/index.ts";
import { type Kernel, KernelCache, type KernelOutput, type KernelRequest } from "../kernel/index.ts";
import { planeInput, servedLevel } from "../plan/index.ts";
import type { PictureFormat } from "../render/index.ts";
import type { ValidFormula } from "./types/formula.ts";
import type { ServedImage } from "./types/image.ts";

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

  #kernel(bound: ValidFormula, level: number, output: KernelOutput, expressions: readonly Expr[]): Kernel {
    const { image, others, formula } = bound;
    const { kind } = servedLevel(image.info, level);
    // How another image lies in memory depends on the level too.
    const place = others.length === 0 ? kind : level;
    const key = JSON.stringify([bound.version, place, output, formula.hash, expressions.length]);
    const known = this.#kernels.get(key);
    if (known) return known;
    const kernel = this.#cache.compile({ output, expressions, ...inputsOf(image, others, level) });
    this.#kernels.set(key, kernel);
    return kernel;
  }
}

/** How channels lie in memory: those of an image at a level, and those of others where they lie over it. */
export function inputsOf(
  { info }: ServedImage,
  others: readonly ServedImage[],
  level: number,
): Pick<KernelRequest, "inputOf" | "placedInputOf"> {
  const served = servedLevel(info, level);
  return {
    inputOf: (channel, z, t) => planeInput(info, served, channel, z, t),
    placedInputOf: ({ placement, channel, z, t }) => {
      const other = others.find(({ key }) => key === placement.image);
      if (!other) throw new TypeError("A formula reads an image that it does not name.");
      const read = servedLevel(other.info, placedLevel(other.levels, level, placement.scale));
      return planeInput(other.info, read, channel, z, t);
    },
  };
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
  const place = { x: 0, y: 0, width: 1, height: 1, pitch: { x: 1, y: 1 }, placed: () => 0 };
  return display.type === "color" ? interpret(display, () => 0, place).length : 1;
}
