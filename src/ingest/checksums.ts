import { levelSize, tileGrid } from "../core/geometry.ts";
import type { ChunkPlace, EncodedChunk, Target } from "./protocol.ts";

/** Checksums of all chunks, four bytes each. */
export class Checksums {
  readonly #target: Target;
  /** By plane, then level. */
  readonly #values: readonly (readonly Uint32Array[])[];

  constructor(target: Target, planes: number) {
    this.#target = target;
    const grids = Array.from({ length: target.levels }, (_, level) => gridOf(target, level));
    this.#values = Array.from({ length: planes }, () =>
      grids.map(({ columns, rows }) => new Uint32Array(columns * rows)),
    );
  }

  get count(): number {
    return this.#values.reduce((sum, levels) => sum + levels.reduce((chunks, level) => chunks + level.length, 0), 0);
  }

  /** Of those, chunks of full resolution. */
  get finestCount(): number {
    return this.#values.reduce((sum, [finest]) => sum + (finest?.length ?? 0), 0);
  }

  set({ plane, level, x, y, checksum }: EncodedChunk): void {
    const values = this.#values[plane]?.[level];
    if (values) values[y * gridOf(this.#target, level).columns + x] = checksum;
  }

  get({ plane, level, x, y }: ChunkPlace): number | undefined {
    return this.#values[plane]?.[level]?.[y * gridOf(this.#target, level).columns + x];
  }

  /** Chunks plane by plane, level by level, row by row. */
  *places(): Generator<ChunkPlace> {
    for (let plane = 0; plane < this.#values.length; plane++) {
      for (let level = 0; level < this.#target.levels; level++) {
        const { columns, rows } = gridOf(this.#target, level);
        for (let at = 0; at < columns * rows; at++) {
          yield { plane, level, x: at % columns, y: Math.floor(at / columns) };
        }
      }
    }
  }
}

function gridOf(target: Target, level: number) {
  return tileGrid(levelSize(target, level), target.chunk);
}
