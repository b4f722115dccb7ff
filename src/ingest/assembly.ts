import { type PlaneType, planeBytes } from "../core/dtype.ts";
import type { Region } from "../core/geometry.ts";
import type { Remainder, UnitJob } from "./protocol.ts";
import { parentUnit, reach, type UnitGrid, unitRegion } from "./units.ts";

interface Unfinished {
  readonly region: Region;
  readonly data: readonly Uint8Array<ArrayBuffer>[];
  missing: number;
}

/** Joins what units leave into units of coarser levels. Units that come in Morton order leave one unfinished a level. */
export class Assembly {
  readonly #grid: UnitGrid;
  readonly #sampleBytes: number;
  readonly #unfinished = new Map<string, Unfinished>();

  constructor(grid: UnitGrid, type: PlaneType) {
    this.#grid = grid;
    this.#sampleBytes = planeBytes(type);
  }

  /** `from`: the level at which the unit began. The unit that is complete now; null: others are missing. */
  add(rest: Remainder, from: number): UnitJob | null {
    const { level, region, planes } = rest;
    const { x, y, parts } = parentUnit(this.#grid, level, from, region);
    const key = `${planes[0]}/${level}/${x}/${y}`;
    const unit = this.#unfinished.get(key) ?? this.#begin(level, x, y, planes.length, parts);
    this.#unfinished.set(key, unit);
    unit.data.forEach((target, index) => {
      const part = rest.data[index];
      if (part) this.#copy(new Uint8Array(part), region, target, unit.region);
    });
    if (--unit.missing > 0) return null;
    this.#unfinished.delete(key);
    const data = unit.data.map(({ buffer }) => buffer);
    return { kind: "unit", level, depth: reach(this.#grid, level), region: unit.region, planes, origin: null, data };
  }

  #begin(level: number, x: number, y: number, planes: number, parts: number): Unfinished {
    const region = unitRegion(this.#grid, level, x, y);
    const bytes = region.width * region.height * this.#sampleBytes;
    return { region, data: Array.from({ length: planes }, () => new Uint8Array(bytes)), missing: parts };
  }

  #copy(part: Uint8Array, from: Region, target: Uint8Array, to: Region): void {
    const rowBytes = from.width * this.#sampleBytes;
    const stride = to.width * this.#sampleBytes;
    const origin = (from.y - to.y) * stride + (from.x - to.x) * this.#sampleBytes;
    for (let row = 0; row < from.height; row++) {
      target.set(part.subarray(row * rowBytes, (row + 1) * rowBytes), origin + row * stride);
    }
  }
}
