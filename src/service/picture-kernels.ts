import { LRUCache } from "lru-cache";
import { BandloomError } from "../core/errors.ts";
import { SingleFlight } from "../core/single-flight.ts";
import { componentsOf, type Expr, placedLevel } from "../formula/index.ts";
import type { Kernel, KernelOutput, KernelRequest } from "../kernel/index.ts";
import { planeInput, servedLevel } from "../plan/index.ts";
import type { PictureFormat } from "../render/index.ts";
import { KernelCompiler } from "./kernel-compiler.ts";
import type { Turns } from "./turns.ts";
import type { ValidFormula } from "./types/formula.ts";
import type { ServedImage } from "./types/image.ts";

const MAX_KERNELS = 1024;

/** A kernel that may yet have to be compiled: the same key is the same kernel. */
export interface WantedKernel {
  readonly key: string;
  readonly request: () => KernelRequest;
}

/** Kernels of formulas, one for each way in which samples lie in memory and pixels are wanted. */
export class PictureKernels {
  readonly #compiler: KernelCompiler;
  readonly #kernels = new LRUCache<string, Kernel>({ max: MAX_KERNELS });
  readonly #flights = new SingleFlight<Kernel>();

  constructor(turns: Turns) {
    this.#compiler = new KernelCompiler(turns);
  }

  /** What is wanted: at once where it is known, else when it is compiled. */
  get({ key, request }: WantedKernel, signal: AbortSignal | undefined): Kernel | Promise<Kernel> {
    const compile = async (shared: AbortSignal) => {
      const kernel = await this.#compiler.compile(request(), shared);
      this.#kernels.set(key, kernel);
      return kernel;
    };
    return this.#kernels.get(key) ?? this.#flights.run(key, compile, signal);
  }

  /**
   * The kernel of a picture. `padded`: pixels beyond the image must be transparent where the format can say so. Throws FORMULA_INVALID
   * where the formula makes no picture.
   */
  picture(bound: ValidFormula, level: number, format: PictureFormat, padded: boolean): WantedKernel {
    if (format === "npy") return this.values(bound, level);
    const { display } = bound.formula;
    if (!display) {
      const count = bound.formula.values.length;
      const message = `The formula has ${count} outputs, and a picture has 1, 3 or 4. Ask for npy, or leave some out.`;
      throw new BandloomError("FORMULA_INVALID", message);
    }
    return wantedKernel(bound, level, pictureOutput(display, format, padded), [display]);
  }

  /** The numbers before the display chain, a plane each; `count`: the first of them alone. */
  values(bound: ValidFormula, level: number, count = bound.formula.values.length): WantedKernel {
    return wantedKernel(bound, level, "float32", bound.formula.values.slice(0, count));
  }

  /** Colours under single points; null where the formula makes no picture. */
  colour(bound: ValidFormula, level: number): WantedKernel | null {
    const { display } = bound.formula;
    return display && wantedKernel(bound, level, "rgba8", [display]);
  }
}

function wantedKernel(
  { image, others, formula, version }: ValidFormula,
  level: number,
  output: KernelOutput,
  expressions: readonly Expr[],
): WantedKernel {
  const { kind } = servedLevel(image.info, level);
  // How another image lies in memory depends on the level too.
  const place = others.length === 0 ? kind : level;
  return {
    key: JSON.stringify([version, place, output, formula.hash, expressions.length]),
    request: () => ({ output, expressions, ...inputsOf(image, others, level) }),
  };
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
  const transparent = padded || display.interval.nan || componentsOf(display) === 4;
  return transparent ? "rgba8" : opaque;
}
