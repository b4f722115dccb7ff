import { LRUCache } from "lru-cache";
import { planKernel } from "./compile.ts";
import { emitKernel } from "./emit/emit.ts";
import type { Kernel, KernelRequest } from "./kernel.ts";

/** A few KB of code each. */
const MAX_KERNELS = 1024;

/** Compiles each shape once: formulas that differ only in their constants share the code. */
export class KernelCache {
  readonly #code: LRUCache<string, Uint8Array<ArrayBuffer>>;
  #compiled = 0;
  #reused = 0;

  constructor(max = MAX_KERNELS) {
    this.#code = new LRUCache({ max });
  }

  /** Kernels whose code was emitted. */
  get compiled(): number {
    return this.#compiled;
  }

  /** Kernels whose code was there. */
  get reused(): number {
    return this.#reused;
  }

  /** Throws as `compileKernel` does. */
  compile(request: KernelRequest): Kernel {
    return this.prepare(request)();
  }

  /** The first half of the work; the second is what it gives. Of the largest formulas each takes tens of milliseconds. */
  prepare(request: KernelRequest): () => Kernel {
    const { kernel, plan } = planKernel(request);
    return () => {
      const known = this.#code.get(kernel.shape);
      if (known) this.#reused++;
      else this.#compiled++;
      const bytes = known ?? emitKernel(plan);
      this.#code.set(kernel.shape, bytes);
      return { ...kernel, bytes };
    };
  }
}
