import { LRUCache } from "lru-cache";
import type { Kernel } from "../kernel/kernel.ts";

/** Kernels whose rate is remembered. */
const MAX_KNOWN = 2_048;
/** Reading, decoding and encoding a pixel of a common tile, milliseconds: 2 ms for 65,536. */
const PIXEL_MS = 3e-5;
/** A byte of a kernel's code, for each pixel, milliseconds: 16 KiB do 10 million pixels a second. */
const CODE_BYTE_MS = 6e-9;
/** A neighbor that a pixel looks at, milliseconds. */
const TAP_MS = 2e-6;
/** How fast a new measurement replaces the old ones. */
const NEWEST = 0.25;
/** One measurement raises a rate by this factor at most: a machine that stalls says nothing of a kernel. */
const MOST_RISE = 4;

/** What a piece of work will probably take of a worker, and what it took. */
export interface Cost {
  /** Milliseconds of a worker, by what is known now. */
  readonly ms: number;
  /** To be told what it took. */
  readonly learn: (workMs: number) => void;
}

/** Knows what work takes: of a kernel never met from its code, of others from what they took. */
export class Costs {
  /** Milliseconds a pixel: of each kind of work by the shape of its kernel. */
  readonly #rates = new Map<string, LRUCache<string, number>>();

  /** `what` tells work of one kernel from other work of the same kernel. */
  of(what: string, kernel: Kernel | null, pixels: number): Cost {
    const rates = this.#ratesOf(what);
    const shape = kernel?.shape ?? "";
    const guess = rates.get(shape) ?? PIXEL_MS + (kernel ? codeMs(kernel) : 0);
    const rate = () => rates.get(shape) ?? guess;
    const learn = (workMs: number) => {
      const seen = Math.min(workMs / Math.max(1, pixels), guess * MOST_RISE);
      rates.set(shape, rate() + NEWEST * (seen - rate()));
    };
    return {
      get ms() {
        return rate() * pixels;
      },
      learn,
    };
  }

  #ratesOf(what: string): LRUCache<string, number> {
    const known = this.#rates.get(what) ?? new LRUCache<string, number>({ max: MAX_KNOWN });
    this.#rates.set(what, known);
    return known;
  }
}

/** Of a pixel, its stages included. */
function codeMs({ bytes, stages }: Kernel): number {
  return stages.reduce(
    (sum, stage) =>
      sum +
      codeMs(stage.kernel) +
      (stage.kind === "placed" ? 0 : stage.passes.reduce((taps, pass) => taps + pass.taps.length * TAP_MS, 0)),
    bytes.length * CODE_BYTE_MS,
  );
}
