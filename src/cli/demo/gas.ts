import { Noise, smoothstep } from "./noise.ts";

/** What shines or absorbs at a point, in arbitrary units of about 0 … 1 (`extinction` is optical depth at 550 nm). */
export const COMPONENTS = [
  "hydrogen",
  "sulphur",
  "oxygen",
  "reflection",
  "hot",
  "warmDust",
  "coldDust",
  "haze",
  "extinction",
] as const;
export type Component = (typeof COMPONENTS)[number];
/** The components over the points of a grid. */
export type GasMaps = Readonly<Record<Component, Float32Array>>;

export function gasMaps(points: number): GasMaps {
  return Object.fromEntries(COMPONENTS.map((name) => [name, new Float32Array(points)])) as Record<
    Component,
    Float32Array
  >;
}

/** How the scene is laid out at a point: the slow part, given by whoever composes the picture. */
export interface Surroundings {
  /** How much gas there is, 0 … about 1. */
  gas: number;
  /** Light of the young stars that make the gas glow, 0 … 1. */
  light: number;
  /** The bubble that they have blown into it, 0 … 1. */
  cavity: number;
  /** How much dust stays, −1 … 1; 0 is patchy. */
  dust: number;
  /** Coordinates, in cells, along which dust is drawn out. */
  dustX: number;
  dustY: number;
  reflection: number;
  /** A thin shell of hot gas, 0 … 1. */
  shell: number;
}

/** Composes a scene: called with a point in units of the scene, and the same point drawn along by turbulence. */
export type Landscape = (x: number, y: number, warpedX: number, warpedY: number, out: Surroundings) => void;

/** What changes slowly from pixel to pixel: it may be computed on a coarse grid and interpolated. */
export interface Setting extends Surroundings {
  /** Displacement by turbulence, units of the scene. */
  dx: number;
  dy: number;
}

export function emptySetting(): Setting {
  return { dx: 0, dy: 0, gas: 0, light: 0, cavity: 0, dust: 0, dustX: 0, dustY: 0, reflection: 0, shell: 0 };
}

export interface GasOptions {
  readonly seed: number;
  readonly landscape: Landscape;
  /** Cells of the coarsest noise a unit. With `periodic` a power of two: the unit square then joins its own copies. */
  readonly cells: number;
  readonly periodic: boolean;
  /** Pixels a unit: noise finer than a few pixels is left out. */
  readonly pixels: number;
}

/** Finest noise, pixels a cell: finer grain would be pixel noise, which does not compress. */
const FINEST_CELL = 5;

/** Turbulent gas: noise whose domain is warped by noise (Quilez, "Domain warping", 2002). Deterministic by seed. */
export class GasModel {
  readonly #options: GasOptions;
  readonly #drift: Noise;
  readonly #cloud: Noise;
  readonly #threads: Noise;
  readonly #dust: Noise;
  readonly #octaves: number;

  constructor(options: GasOptions) {
    this.#options = options;
    this.#drift = new Noise(options.seed);
    this.#cloud = new Noise(options.seed + 1);
    this.#threads = new Noise(options.seed + 2);
    this.#dust = new Noise(options.seed + 3);
    this.#octaves = Math.max(2, Math.floor(Math.log2(options.pixels / options.cells / FINEST_CELL)) + 1);
  }

  /** Where a point, in units of the scene, is drawn to by turbulence, and what lies there. */
  survey(x: number, y: number, out: Setting): void {
    const { cells, landscape } = this.#options;
    const period = this.#period(cells);
    const slow = 0.3 / cells;
    const ax = this.#drift.fbm(x * cells, y * cells, 3, period);
    const ay = this.#drift.fbm(x * cells + 37.2, y * cells + 11.7, 3, period);
    const fine = cells * 4;
    const finePeriod = this.#period(fine);
    const u = x + slow * ax;
    const v = y + slow * ay;
    const bx = this.#drift.fbm(u * fine + 71.3, v * fine + 5.1, 2, finePeriod);
    const by = this.#drift.fbm(u * fine + 19.9, v * fine + 83.4, 2, finePeriod);
    out.dx = slow * ax + (0.24 / fine) * bx;
    out.dy = slow * ay + (0.24 / fine) * by;
    landscape(x, y, x + out.dx, y + out.dy, out);
  }

  /** The gas at (x, y) in its setting: entry `at` of the maps. */
  sample(x: number, y: number, s: Setting, out: GasMaps, at: number): void {
    const { cells } = this.#options;
    const octaves = this.#octaves;
    const u = x + s.dx;
    const v = y + s.dy;
    const period = this.#period(cells);
    const double = this.#period(cells * 2);
    const cloud = this.#cloud.fbm(u * cells + 3.3, v * cells + 8.1, octaves, period, 0.54);
    const billow = this.#cloud.fbm(u * cells * 2 + 41.7, v * cells * 2 + 27.3, octaves - 1, double, 0.56);
    const thread = this.#threads.ridges(u * cells * 2 + 13.1, v * cells * 2 + 57.9, octaves - 1, double);
    const grainX = s.dustX + 0.3 * billow;
    const grainY = s.dustY + 0.3 * cloud;
    const grain = this.#dust.fbm(grainX, grainY, octaves, period, 0.56);
    // The far infrared is blurred by diffraction: it sees the same clouds without their grain.
    const blurred = this.#dust.fbm(s.dustX, s.dustY, 4, period, 0.5);

    const dust = smoothstep(-0.2, 0.85, grain + s.dust);
    const veil = smoothstep(-0.9, 1.2, blurred + 0.7 * s.dust + 0.1);
    const density = Math.max(0, s.gas * (1 + 0.85 * cloud + 0.4 * billow));
    const glow = 1.25 * density ** 2.3;
    const filaments = thread * thread * s.gas;
    // Where starlight meets the side of a dust cloud, the cloud's skin glows.
    const rim = Math.exp(-(((dust - 0.24) / 0.13) ** 2)) * s.light * smoothstep(-0.7, 0.5, s.dust + 0.3);

    out.hydrogen[at] = glow * (0.3 + 0.8 * s.light) * (1 - 0.8 * s.cavity) + 0.5 * filaments + 0.35 * rim;
    out.sulphur[at] = 0.5 * filaments * (1 - s.cavity) + 0.8 * rim * (0.6 + 0.8 * thread) + 0.12 * glow;
    out.oxygen[at] =
      s.cavity * Math.max(0, 0.55 + 0.6 * billow + 0.5 * cloud + 0.8 * thread) +
      0.1 * s.light * density +
      0.45 * s.shell * thread * thread;
    out.reflection[at] = s.reflection * Math.max(0, 0.55 + 0.6 * cloud + 0.45 * billow);
    out.hot[at] =
      s.cavity * Math.max(0, 0.35 + 0.3 * cloud + 0.25 * thread) + s.shell * (0.2 + 2.2 * thread * thread * thread);
    out.warmDust[at] =
      (0.2 + 0.8 * dust) * s.light * Math.max(0, 0.6 + 0.45 * grain + 0.35 * billow) +
      0.4 * rim +
      0.35 * filaments * s.light;
    out.coldDust[at] = veil * (0.35 + 0.65 * smoothstep(-1, 0.7, s.dust)) * (0.8 + 0.35 * blurred);
    out.haze[at] = Math.max(0, 1 + 0.5 * cloud);
    out.extinction[at] = 3.4 * dust * dust + 0.45 * veil * veil;
  }

  #period(cells: number): number | undefined {
    return this.#options.periodic ? cells : undefined;
  }
}
