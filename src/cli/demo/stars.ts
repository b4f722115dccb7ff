import type { Band } from "./channels.ts";
import { planckRatio } from "./starlight.ts";

export interface Star {
  /** Units of the scene. */
  readonly x: number;
  readonly y: number;
  /** Brightness at 550 nm without dust: 1 saturates the core. */
  readonly flux: number;
  readonly kelvin: number;
  /** Optical depth in front of it, at 550 nm. */
  readonly extinction: number;
}

/** Pixels of a square that light is added to. */
export interface Canvas {
  readonly left: number;
  readonly top: number;
  readonly side: number;
  readonly light: Float32Array;
}

/** Light that changes no byte. */
const INVISIBLE = 0.002;
/** Exposures are longer where stars are faint: outside the visible the slope of a blackbody is softened. */
const SOFT_SLOPE = 0.45;
const VISIBLE_NM = [400, 700] as const;
/** From this flux on a star shows halo and spikes. */
const BRIGHT = 2.2;
/** The telescope's struts, radians from the rows. */
const STRUTS = 0.21;
/** Spikes of the faintest bright star, pixels at 4096 and 550 nm. */
const SPIKE_PIXELS = 13;

/** How bright a star is in a band, dust included. */
export function starPeak(star: Star, band: Band): number {
  const ratio = planckRatio(band.wavelengthNm, star.kelvin);
  const visible = band.wavelengthNm >= VISIBLE_NM[0] && band.wavelengthNm <= VISIBLE_NM[1];
  return star.flux * band.stars * ratio ** (visible ? 1 : SOFT_SLOPE) * Math.exp(-band.extinction * star.extinction);
}

/** Pixels around a star that its light can reach in any band. */
export function starReach(star: Pick<Star, "flux">, scale: number): number {
  return (star.flux >= BRIGHT ? SPIKE_PIXELS * 5 * Math.sqrt(star.flux) : 42) * Math.max(scale, 0.3);
}

/** Adds a star of so bright a core: Gaussian; round bright ones a halo with a diffraction ring, and four spikes. */
export function drawStar(star: Star, peak: number, band: Band, pixels: number, scale: number, canvas: Canvas): void {
  if (peak < 4 * INVISIBLE) return;
  const x = star.x * pixels - canvas.left;
  const y = star.y * pixels - canvas.top;
  const sigma = Math.max(0.62, band.blur * Math.min(1, scale ** 0.5));
  // Blurred light is the same light over more pixels; not by the square of it, so that the infrared keeps its stars.
  const core = peak * (1.2 / band.blur);
  const coreReach = sigma * Math.sqrt(2 * Math.log(Math.max(core / INVISIBLE, 1.01)));
  if (peak < BRIGHT) {
    drawRound(canvas, x, y, coreReach, (r) => core * Math.exp(-0.5 * (r / sigma) ** 2));
    return;
  }
  const wing = 2.4 * sigma;
  const strength = 0.045 * core;
  const haloReach = Math.min(9 * wing, wing * Math.sqrt((strength / INVISIBLE) ** 0.8));
  drawRound(canvas, x, y, Math.max(coreReach, haloReach), (r) => {
    const fade = Math.max(0, 1 - r / haloReach);
    const ring = 1 + 0.5 * Math.cos((2 * Math.PI * r) / (3.4 * sigma)) * Math.exp(-r / (8 * sigma));
    return core * Math.exp(-0.5 * (r / sigma) ** 2) + (strength * ring * fade) / (1 + (r / wing) ** 2) ** 1.15;
  });
  const length = SPIKE_PIXELS * scale * Math.sqrt(peak) * (band.wavelengthNm / 550) ** 0.25;
  drawSpikes(canvas, x, y, 0.16 * core, 0.75 * sigma, length);
}

/** Entries a pixel of the table that a round profile is drawn from. */
const PROFILE_STEPS = 4;

function drawRound(canvas: Canvas, x: number, y: number, reach: number, profile: (r: number) => number): void {
  const table = Float64Array.from({ length: Math.ceil(reach * PROFILE_STEPS) + 2 }, (_, i) =>
    profile(i / PROFILE_STEPS),
  );
  eachPixel(canvas, x, y, reach, (dx, dy) => {
    const at = Math.sqrt(dx * dx + dy * dy) * PROFILE_STEPS;
    const below = Math.floor(at);
    const low = table[below] ?? 0;
    return low + (at - below) * ((table[below + 1] ?? 0) - low);
  });
}

/** Two crossed lines that fade outwards; each is drawn across its own direction, a few pixels a step. */
function drawSpikes(canvas: Canvas, x: number, y: number, peak: number, width: number, length: number): void {
  const { side, light } = canvas;
  const cos = Math.cos(STRUTS);
  const slope = Math.tan(STRUTS);
  const reach = 3.2 * length * cos;
  const thick = (3 * width) / cos;
  for (const rows of [false, true]) {
    // Along columns (or rows): the centre of the line at step `i` is at `centre` of the other axis.
    const [along, across] = rows ? [y, x] : [x, y];
    const tilt = rows ? -slope : slope;
    for (let i = Math.max(0, Math.floor(along - reach)); i <= Math.min(side - 1, along + reach); i++) {
      const step = i + 0.5 - along;
      const centre = across + tilt * step;
      const far = Math.abs(step) / cos;
      const fade = peak * Math.exp(-far / (0.42 * length)) * Math.max(0, 1 - (far * cos) / reach);
      for (let j = Math.max(0, Math.floor(centre - thick)); j <= Math.min(side - 1, centre + thick); j++) {
        const off = ((j + 0.5 - centre) * cos) / width;
        const at = rows ? i * side + j : j * side + i;
        light[at] = (light[at] ?? 0) + fade * Math.exp(-0.5 * off * off);
      }
    }
  }
}

/** Adds `value(dx, dy)` to the pixels within `reach` of (x, y), both in pixels of the canvas; pixel centres are at halves. */
export function eachPixel(
  canvas: Canvas,
  x: number,
  y: number,
  reach: number,
  value: (dx: number, dy: number) => number,
): void {
  const { side, light } = canvas;
  const left = Math.max(0, Math.floor(x - reach));
  const right = Math.min(side - 1, Math.ceil(x + reach));
  const top = Math.max(0, Math.floor(y - reach));
  const bottom = Math.min(side - 1, Math.ceil(y + reach));
  for (let row = top; row <= bottom; row++) {
    const dy = row + 0.5 - y;
    for (let column = left; column <= right; column++) {
      const at = row * side + column;
      light[at] = (light[at] ?? 0) + value(column + 0.5 - x, dy);
    }
  }
}
