import { LRUCache } from "lru-cache";
import type { Kernel } from "./kernel.ts";
import { type ParameterLayout, parameterLayout } from "./parameters.ts";

/** A kernel bound to a memory: the address of a parameter block, and the number of pixels. */
export type KernelRun = (parameters: number, pixels: number) => void;

/** Addresses of planes and tables in the kernel's order, each 16-byte aligned. */
export interface KernelPointers {
  readonly outputs: readonly number[];
  readonly inputs: readonly number[];
  readonly tables: readonly number[];
}

const MAX_MODULES = 256;

/** Kernels compiled by the engine for one memory, each shape once. */
export class KernelModules {
  readonly #memory: WebAssembly.Memory;
  readonly #runs: LRUCache<string, KernelRun>;
  #compiled = 0;

  constructor(memory: WebAssembly.Memory, max = MAX_MODULES) {
    this.#memory = memory;
    this.#runs = new LRUCache({ max });
  }

  /** Modules that were compiled. */
  get compiled(): number {
    return this.#compiled;
  }

  get(kernel: Pick<Kernel, "shape" | "bytes">): KernelRun {
    const known = this.#runs.get(kernel.shape);
    if (known) return known;
    const run = instantiateKernel(this.#memory, kernel.bytes);
    this.#compiled++;
    this.#runs.set(kernel.shape, run);
    return run;
  }
}

export function instantiateKernel(memory: WebAssembly.Memory, bytes: Uint8Array): KernelRun {
  const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  const { run } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  if (typeof run !== "function") throw new TypeError("a kernel exports run");
  return run as KernelRun;
}

export function kernelParameters(kernel: Omit<Kernel, "bytes">): ParameterLayout {
  return parameterLayout({
    planes: kernel.planes,
    inputs: kernel.inputs.length + kernel.stages.length,
    tables: kernel.tables.length,
    nodata: kernel.inputs.filter(({ nodata }) => nodata !== null).length,
    constants: kernel.constants.length,
  });
}

/** Writes the parameter block of `kernelParameters(kernel).size` bytes at `at`, which is 16-byte aligned. */
export function writeParameters(
  memory: WebAssembly.Memory,
  at: number,
  kernel: Omit<Kernel, "bytes">,
  { outputs, inputs, tables }: KernelPointers,
): void {
  const layout = kernelParameters(kernel);
  const pointers = [...outputs, ...inputs, ...tables];
  const nodata = kernel.inputs.flatMap((input) => (input.nodata === null ? [] : [input.nodata]));
  new Int32Array(memory.buffer, at, pointers.length).set(pointers);
  new Float64Array(memory.buffer, at + layout.nodata, nodata.length).set(nodata);
  new Float32Array(memory.buffer, at + layout.constants, kernel.constants.length).set(kernel.constants);
}
