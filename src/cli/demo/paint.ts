import { BANDS, type Band } from "./channels.ts";
import { drawGalaxy, GALAXY_REACH } from "./galaxies.ts";
import { type Component, emptySetting, type GasMaps, gasMaps } from "./gas.ts";
import { REFERENCE_PIXELS, type Scene } from "./scene.ts";
import { SettingGrid } from "./setting-grid.ts";
import { type Canvas, drawStar, type Star, starPeak, starReach } from "./stars.ts";

/** Gas is smooth at the scale of a pixel: it is computed at every second one and interpolated. */
const GAS_STEP = 2;
/** The setting is smoother still: it is computed at every so many points of the gas. */
const SETTING_STEP = 4;
/** Light of 1 comes out as 1 − 1/e of the range. */
const BACKGROUND = 0.012;
const TONES = 2048;
const BRIGHTEST = 6;

/** Byte of a quantity of light: a film's curve, linear in the shadows, never quite saturated. */
const TONE_CURVE = Uint8Array.from({ length: TONES + 1 }, (_, i) =>
  Math.round(255 * (1 - Math.exp(-1.4 * ((i * BRIGHTEST) / TONES) ** 0.92))),
);

/** Optical depths are looked up: steps so fine that no byte shows them. */
const DEPTH_STEPS = 4096;
const DEEPEST = 10;
const DIMMING = BANDS.map((band) =>
  Float32Array.from({ length: DEPTH_STEPS + 1 }, (_, i) => Math.exp((-band.extinction * i * DEEPEST) / DEPTH_STEPS)),
);

/** Paints squares of a scene, every band of it. Squares join without seams, whatever their order. */
export class Painter {
  readonly #scene: Scene;
  /** Pixels of a square's side. */
  readonly #side: number;
  /** Points of the gas grid along a side: pixels 0, 2, … and the first of the next square. */
  readonly #points: number;
  readonly #maps: GasMaps;
  /** Working memory, used again for every square: garbage of this size would be collected late. */
  readonly #light: Float32Array;
  readonly #canvas: Float32Array;
  readonly #planes: readonly Uint8Array[];
  /** Brightness of each star in each band. */
  readonly #peaks: ReadonlyMap<Star, readonly number[]>;

  constructor(scene: Scene, side: number) {
    this.#scene = scene;
    this.#side = side;
    this.#points = side / GAS_STEP + 1;
    this.#peaks = new Map(scene.stars.map((star) => [star, BANDS.map((band) => starPeak(star, band))]));
    this.#maps = gasMaps(this.#points ** 2);
    this.#light = new Float32Array(this.#points ** 2);
    this.#canvas = new Float32Array(side ** 2);
    this.#planes = BANDS.map(() => new Uint8Array(side ** 2));
  }

  /** The square whose top left pixel is (left, top), one plane a band. The planes are overwritten by the next square. */
  paint(left: number, top: number): readonly Uint8Array[] {
    this.#fillMaps(left, top);
    const { stars, galaxies, pixels } = this.#scene;
    const canvas: Canvas = { left, top, side: this.#side, light: this.#canvas };
    const scale = pixels / REFERENCE_PIXELS;
    const nearGalaxies = galaxies.filter((it) => reaches(it, it.size * GALAXY_REACH * pixels, pixels, canvas));
    const nearStars = stars.filter((it) => reaches(it, starReach(it, scale), pixels, canvas));
    BANDS.forEach((band, index) => {
      enlarge(this.#gasLight(band, DIMMING[index]), this.#points, canvas);
      for (const galaxy of nearGalaxies) drawGalaxy(galaxy, band, pixels, canvas);
      for (const star of nearStars) drawStar(star, this.#peaks.get(star)?.[index] ?? 0, band, pixels, scale, canvas);
      develop(canvas.light, this.#planes[index]);
    });
    return this.#planes;
  }

  #fillMaps(left: number, top: number): void {
    const { gas, pixels } = this.#scene;
    const points = this.#points;
    const settings = this.#settings(left, top);
    const setting = emptySetting();
    for (let row = 0; row < points; row++) {
      for (let column = 0; column < points; column++) {
        settings.at(column / SETTING_STEP, row / SETTING_STEP, setting);
        const x = (left + column * GAS_STEP) / pixels;
        const y = (top + row * GAS_STEP) / pixels;
        gas.sample(x, y, setting, this.#maps, row * points + column);
      }
    }
  }

  #settings(left: number, top: number): SettingGrid {
    const { gas, pixels } = this.#scene;
    const step = SETTING_STEP * GAS_STEP;
    return new SettingGrid(Math.ceil(this.#points / SETTING_STEP) + 1, (column, row, out) => {
      gas.survey((left + column * step) / pixels, (top + row * step) / pixels, out);
    });
  }

  /** Light of the gas in a band, dimmed by the dust in front of it, at the points of the gas grid. */
  #gasLight(band: Band, dimming: Float32Array = new Float32Array()): Float32Array {
    const light = this.#light.fill(0);
    const parts = Object.entries(band.gas) as [Component, number][];
    // Dust that shines is not dimmed: it lies in front.
    const shines = ([name]: [Component, number]) => name === "warmDust" || name === "coldDust";
    for (const [name, weight] of parts.filter((part) => !shines(part))) addScaled(light, this.#maps[name], weight);
    const depth = this.#maps.extinction;
    for (let i = 0; i < light.length; i++) {
      const step = Math.min(DEPTH_STEPS, (depth[i] ?? 0) * (DEPTH_STEPS / DEEPEST)) | 0;
      light[i] = BACKGROUND + (light[i] ?? 0) * (dimming[step] ?? 0);
    }
    for (const [name, weight] of parts.filter(shines)) addScaled(light, this.#maps[name], weight);
    return light;
  }
}

function addScaled(target: Float32Array, source: Float32Array, weight: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) + weight * (source[i] ?? 0);
}

/** Every point becomes 2 × 2 pixels, linear between points. */
function enlarge(source: Float32Array, points: number, { side, light }: Canvas): void {
  for (let row = 0; row < points - 1; row++) {
    for (let column = 0; column < points - 1; column++) {
      const at = row * points + column;
      const a = source[at] ?? 0;
      const b = source[at + 1] ?? 0;
      const c = source[at + points] ?? 0;
      const d = source[at + points + 1] ?? 0;
      const out = row * GAS_STEP * side + column * GAS_STEP;
      light[out] = a;
      light[out + 1] = 0.5 * (a + b);
      light[out + side] = 0.5 * (a + c);
      light[out + side + 1] = 0.25 * (a + b + c + d);
    }
  }
}

function reaches(thing: { x: number; y: number }, reach: number, pixels: number, canvas: Canvas): boolean {
  const x = thing.x * pixels - canvas.left;
  const y = thing.y * pixels - canvas.top;
  return x > -reach && y > -reach && x < canvas.side + reach && y < canvas.side + reach;
}

function develop(light: Float32Array, bytes: Uint8Array = new Uint8Array()): void {
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = TONE_CURVE[Math.min(TONES, Math.max(0, ((light[i] ?? 0) * TONES) / BRIGHTEST + 0.5)) | 0] ?? 0;
  }
}
