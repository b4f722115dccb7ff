import type { Region } from "../../core/geometry.ts";
import { type Kernel, OUTPUT_BYTES } from "../../kernel/kernel.ts";
import type { RegionPlan } from "../../plan/index.ts";
import type { Pixels } from "../encode/pixels.ts";
import type { Arena, Scope } from "./arena.ts";

/**
 * Where a kernel writes the planes of a region. One plane of one strip stays in WebAssembly memory; several strips or planes are put
 * together outside of it, so that a large picture does not take the memory that chunks need.
 */
export class Canvas {
  /** One address for each output plane, with room for the highest strip. */
  readonly outputs: readonly number[];
  readonly #arena: Arena;
  readonly #scope: Scope;
  readonly #kernel: Kernel;
  readonly #region: Region;
  readonly #assembled: Uint8Array | null;

  constructor(arena: Arena, kernel: Kernel, { region, strips }: RegionPlan) {
    this.#arena = arena;
    this.#scope = arena.scope();
    this.#kernel = kernel;
    this.#region = region;
    const highest = Math.max(...strips.map((strip) => this.#bytes(strip)));
    try {
      this.outputs = Array.from({ length: kernel.planes }, () => this.#scope.allocate(highest));
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
    const simple = kernel.planes === 1 && strips.length === 1;
    this.#assembled = simple ? null : new Uint8Array(kernel.planes * this.#bytes(region));
  }

  /** The kernel has written `strip`: put it in its place, before the next one is written over it. */
  keep(strip: Region): void {
    const assembled = this.#assembled;
    if (!assembled) return;
    const above = this.#bytes({ ...strip, height: strip.y - this.#region.y });
    for (const [plane, address] of this.outputs.entries())
      assembled.set(this.#view(address, this.#bytes(strip)), plane * this.#bytes(this.#region) + above);
  }

  /** What was written. A view must be used before anything is awaited: other jobs may move the memory. */
  pixels(): Pixels {
    const { output, planes } = this.#kernel;
    const { width, height } = this.#region;
    const bytes = this.#assembled ?? this.#view(this.outputs[0] ?? 0, this.#bytes(this.#region));
    return { output, planes, width, height, bytes, view: this.#assembled === null };
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]();
  }

  #bytes({ width, height }: Region): number {
    return width * height * OUTPUT_BYTES[this.#kernel.output];
  }

  #view(address: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#arena.memory.buffer, address, bytes);
  }
}
