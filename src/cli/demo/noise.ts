import { seededRandom } from "./random.ts";

/** Cells after which noise repeats unless a shorter period is asked for. */
const TABLE = 256;
const DIRECTIONS = 64;

/**
 * Gradient noise in the plane (Perlin, "Improving Noise", 2002) and sums of its octaves. Periods are powers of two of at most 256 cells;
 * with a period that fits a tile, the tile joins its own copies without a seam.
 */
export class Noise {
  readonly #permutation = new Uint8Array(2 * TABLE);
  readonly #dx = new Float64Array(TABLE);
  readonly #dy = new Float64Array(TABLE);

  constructor(seed: number) {
    const random = seededRandom(seed);
    const order = Uint8Array.from({ length: TABLE }, (_, i) => i);
    for (let i = TABLE - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
    }
    this.#permutation.set(order);
    this.#permutation.set(order, TABLE);
    for (let i = 0; i < TABLE; i++) {
      const angle = (2 * Math.PI * (i % DIRECTIONS)) / DIRECTIONS;
      this.#dx[i] = Math.cos(angle);
      this.#dy[i] = Math.sin(angle);
    }
  }

  /** About −1 … 1, smooth, 0 at lattice points. `x` and `y` count cells. */
  at(x: number, y: number, period = TABLE): number {
    const mask = period - 1;
    const floorX = Math.floor(x);
    const floorY = Math.floor(y);
    const fx = x - floorX;
    const fy = y - floorY;
    const x0 = floorX & mask;
    const y0 = floorY & mask;
    const x1 = (x0 + 1) & mask;
    const y1 = (y0 + 1) & mask;
    const p = this.#permutation;
    const row0 = p[y0] ?? 0;
    const row1 = p[y1] ?? 0;
    const a = this.#slope(p[x0 + row0] ?? 0, fx, fy);
    const b = this.#slope(p[x1 + row0] ?? 0, fx - 1, fy);
    const c = this.#slope(p[x0 + row1] ?? 0, fx, fy - 1);
    const d = this.#slope(p[x1 + row1] ?? 0, fx - 1, fy - 1);
    const sx = fx * fx * fx * (fx * (fx * 6 - 15) + 10);
    const sy = fy * fy * fy * (fy * (fy * 6 - 15) + 10);
    const top = a + sx * (b - a);
    return 1.45 * (top + sy * (c + sx * (d - c) - top));
  }

  /** Sum of `octaves`, each twice as fine and `gain` as strong; about −1 … 1. */
  fbm(x: number, y: number, octaves: number, period = TABLE, gain = 0.5): number {
    let sum = 0;
    let total = 0;
    let amplitude = 1;
    let scale = 1;
    for (let octave = 0; octave < octaves; octave++) {
      sum += amplitude * this.at(x * scale, y * scale, Math.min(TABLE, period * scale));
      total += amplitude;
      amplitude *= gain;
      scale *= 2;
    }
    return (sum / total) * 1.5;
  }

  /** Thin bright ridges where the noise crosses zero: 0 … 1 (Musgrave's ridged multifractal). */
  ridges(x: number, y: number, octaves: number, period = TABLE): number {
    let sum = 0;
    let total = 0;
    let amplitude = 1;
    let weight = 1;
    let scale = 1;
    for (let octave = 0; octave < octaves; octave++) {
      const ridge = 1 - Math.abs(this.at(x * scale, y * scale, Math.min(TABLE, period * scale)));
      const signal = ridge * ridge * weight;
      sum += amplitude * signal;
      total += amplitude;
      weight = Math.min(1, signal * 1.6);
      amplitude *= 0.55;
      scale *= 2;
    }
    return sum / total;
  }

  #slope(hash: number, x: number, y: number): number {
    return (this.#dx[hash] ?? 0) * x + (this.#dy[hash] ?? 0) * y;
  }
}

/** 0 below `from`, 1 above `to`, smooth between. */
export function smoothstep(from: number, to: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - from) / (to - from)));
  return t * t * (3 - 2 * t);
}
