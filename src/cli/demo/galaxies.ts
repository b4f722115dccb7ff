import type { Band } from "./channels.ts";
import { planckRatio } from "./starlight.ts";
import { type Canvas, eachPixel } from "./stars.ts";

export interface Galaxy {
  /** Units of the scene. */
  readonly x: number;
  readonly y: number;
  /** Scale length of the disc, units. */
  readonly size: number;
  readonly flux: number;
  /** Short axis over long axis. */
  readonly flattening: number;
  /** Of the long axis, radians. */
  readonly angle: number;
  /** 0: an elliptical; otherwise how strong its two arms are. */
  readonly arms: number;
  readonly extinction: number;
}

/** Disc and arms end at so many scale lengths. */
export const GALAXY_REACH = 5;
/** Old stars of the bulge, young ones of the arms. */
const BULGE_KELVIN = 4300;
const ARMS_KELVIN = 11_000;
/** Tangent of the arms' pitch. */
const PITCH = 0.32;
/** Dust in the arms shines from here on. */
const DUST_NM = 5000;

/** Adds a galaxy: an exponential bulge, an exponential disc, two logarithmic arms. */
export function drawGalaxy(galaxy: Galaxy, band: Band, pixels: number, canvas: Canvas): void {
  const { flattening, arms } = galaxy;
  const size = galaxy.size * pixels;
  const dim = galaxy.flux * Math.exp(-band.extinction * galaxy.extinction);
  const infrared = band.wavelengthNm > DUST_NM;
  const old = infrared ? 0.1 : Math.min(1.3, planckRatio(band.wavelengthNm, BULGE_KELVIN));
  const young = infrared ? 0.7 : Math.min(1.5, planckRatio(band.wavelengthNm, ARMS_KELVIN) ** 0.7);
  const cos = Math.cos(galaxy.angle);
  const sin = Math.sin(galaxy.angle);
  const x = galaxy.x * pixels - canvas.left;
  const y = galaxy.y * pixels - canvas.top;
  eachPixel(canvas, x, y, size * GALAXY_REACH, (dx, dy) => {
    const u = (dx * cos + dy * sin) / size;
    const v = (dy * cos - dx * sin) / (size * flattening);
    const r = Math.sqrt(u * u + v * v);
    if (r > GALAXY_REACH) return 0;
    const fade = 1 - r / GALAXY_REACH;
    const bulge = 1.6 * old * Math.exp(-3.2 * r);
    if (arms === 0) return dim * fade * (bulge + 0.5 * old * Math.exp(-1.5 * r));
    const wave = Math.cos(2 * (Math.atan2(v, u) - Math.log(r + 0.08) / PITCH));
    const spiral = Math.max(0, 0.5 + 0.5 * wave) ** 1.6 * Math.min(1, r * 1.6);
    const disc = Math.exp(-r) * (0.28 * old + young * (0.16 + arms * spiral));
    return dim * fade * (bulge + disc);
  });
}
