import { type Kernel, KernelCache, type KernelRequest } from "../kernel/index.ts";
import type { Turns } from "./turns.ts";

/** Compiles kernels when it is their turn, in two pieces: the largest formulas take tens of milliseconds. */
export class KernelCompiler {
  readonly #turns: Turns;
  readonly #cache = new KernelCache();

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Rejects as `compileKernel` throws, and as `Turns.run` rejects. */
  async compile(request: KernelRequest, signal: AbortSignal | undefined): Promise<Kernel> {
    const emit = await this.#turns.run(() => this.#cache.prepare(request), signal);
    return this.#turns.run(emit, signal);
  }
}
