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
    const { kernel, plan } = planKernel(request);
    const known = this.#code.get(kernel.shape);
    if (known) {
      this.#reused++;
      return { ...kernel, bytes: known };
    }
    const bytes = emitKernel(plan);
    this.#code.set(kernel.shape, bytes);
    this.#compiled++;
    return { ...kernel, bytes };
  }
}
