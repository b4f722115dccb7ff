import { LRUCache } from "lru-cache";
import type { Kernel, KernelTable } from "../../kernel/kernel.ts";
import type { Arena } from "./arena.ts";

/** Compiled kernels that a worker keeps, and lookup tables that it keeps in its memory (1 to 4 KB each). */
const MAX_KERNELS = 256;
const MAX_TABLES = 64;

const POINTER_BYTES = 4;

type Run = (params: number, pixels: number) => void;

/** Kernels, compiled once for each shape: formulas that differ in their constants share one. */
export class KernelCache {
  readonly #arena: Arena;
  readonly #onCompile: () => void;
  readonly #kernels = new LRUCache<string, Run>({ max: MAX_KERNELS });
  readonly #tables: LRUCache<string, number>;

  constructor(arena: Arena, onCompile: () => void) {
    this.#arena = arena;
    this.#onCompile = onCompile;
    this.#tables = new LRUCache({ max: MAX_TABLES, dispose: (address) => arena.release(address) });
  }

  /** Evaluate `pixels` pixels. `inputs` and `outputs` are addresses of planes, in the kernel's order. */
  run(kernel: Kernel, inputs: readonly number[], outputs: readonly number[], pixels: number): void {
    const run = this.#kernels.get(kernel.shape) ?? this.#compile(kernel);
    const tables = kernel.tables.map((table) => this.#table(table));
    const pointers = [...outputs, ...inputs, ...tables];
    const nodata = kernel.inputs.flatMap((input) => (input.nodata === null ? [] : [input.nodata]));
    const nodataAt = Math.ceil((pointers.length * POINTER_BYTES) / 8) * 8;
    const constantsAt = nodataAt + nodata.length * 8;
    using scope = this.#arena.scope();
    const params = scope.allocate(constantsAt + kernel.constants.byteLength);
    const { buffer } = this.#arena.memory;
    new Int32Array(buffer, params, pointers.length).set(pointers);
    new Float64Array(buffer, params + nodataAt, nodata.length).set(nodata);
    new Float32Array(buffer, params + constantsAt, kernel.constants.length).set(kernel.constants);
    run(params, pixels);
  }

  #compile({ shape, bytes }: Kernel): Run {
    this.#onCompile();
    const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#arena.memory } });
    const run = exports.run;
    if (typeof run !== "function") throw new TypeError("A kernel exports a function named run.");
    this.#kernels.set(shape, run as Run);
    return run as Run;
  }

  #table({ id, values }: KernelTable): number {
    const present = this.#tables.get(id);
    if (present !== undefined) return present;
    const address = this.#arena.allocate(values.byteLength);
    new Float32Array(this.#arena.memory.buffer, address, values.length).set(values);
    this.#tables.set(id, address);
    return address;
  }
}
