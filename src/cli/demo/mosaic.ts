import type { Galaxy } from "./galaxies.ts";
import { emptySetting, GasModel, gasMaps, type Landscape } from "./gas.ts";
import { Noise, smoothstep } from "./noise.ts";
import { gaussian, type Random, seededRandom } from "./random.ts";
import type { Scene } from "./scene.ts";
import { REFERENCE_PIXELS } from "./scene.ts";
import { type Star, starReach } from "./stars.ts";

/**
 * A sky of any size from few tiles: corner tiles (Lagae and Dutré, "An Alternative for Wang Tiles", 2006). Each corner of the grid is dense or
 * empty; a tile knows its four corners, and any two tiles that share corners join without a seam.
 */

const SEED = 7_001;
/** Four corners, each dense or empty. */
const CORNER_TILES = 16;
/** Tiles whose own copy could be their neighbour: for these there are two, with different stars, on a chessboard. */
const REPEATING = [0b0000, 0b1111, 0b0011, 0b1100, 0b0101, 0b1010];

/** Tiles of the pool: the sixteen, then the second ones of those that repeat. */
export const POOL_TILES = CORNER_TILES + REPEATING.length;

/** Large clouds over the whole picture, so that it is a picture from afar too. */
const CLOUDS = new Noise(SEED);
const CLOUD_CELLS = 5;

/** Index in the pool of tile (x, y) of a grid that is `columns` tiles wide. */
export function poolTile(x: number, y: number, columns: number): number {
  const corners =
    corner(x, y, columns) |
    (corner(x + 1, y, columns) << 1) |
    (corner(x, y + 1, columns) << 2) |
    (corner(x + 1, y + 1, columns) << 3);
  const second = REPEATING.indexOf(corners);
  return second >= 0 && (x + y) % 2 === 1 ? CORNER_TILES + second : corners;
}

/** 1: dense. Clouds decide, chance blurs their borders. */
function corner(x: number, y: number, columns: number): number {
  const cloud = CLOUDS.fbm((x / columns) * CLOUD_CELLS + 0.5, (y / columns) * CLOUD_CELLS + 0.5, 5);
  return cloud + 0.9 * (chance(x, y, columns) - 0.5) > 0 ? 1 : 0;
}

/** Uniform in [0, 1), the same for the same corner. */
function chance(x: number, y: number, columns: number): number {
  return seededRandom(Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca6b) ^ Math.imul(columns, 0xc2b2ae35))();
}

/** Tile `index` of the pool: the unit square, `pixels` wide. */
export function mosaicScene(pixels: number, index: number): Scene {
  const corners = index < CORNER_TILES ? index : (REPEATING[index - CORNER_TILES] ?? 0);
  const gas = new GasModel({ seed: SEED, landscape: cornerLandscape(corners), cells: 4, periodic: true, pixels });
  const random = seededRandom(SEED + 1 + index);
  return { gas, stars: scatterStars(gas, pixels, random), galaxies: scatterGalaxies(random), pixels };
}

function cornerLandscape(corners: number): Landscape {
  const at = (bit: number) => (corners >> bit) & 1;
  return (x, y, _u, _v, out) => {
    // Not warped: the border of a tile must depend on the two corners there alone. Flat across it, so that slopes meet too.
    const fx = smoothstep(0, 1, x);
    const fy = smoothstep(0, 1, y);
    const top = at(0) + fx * (at(1) - at(0));
    const bottom = at(2) + fx * (at(3) - at(2));
    const density = top + fy * (bottom - top);
    out.gas = 0.16 + 0.72 * density;
    out.light = 0.2 + 0.65 * density;
    out.cavity = 0.75 * smoothstep(0.35, 1, density);
    out.dust = 0.12 - 0.75 * Math.abs(density - 0.42);
    out.dustX = 4 * x + 0.37;
    out.dustY = 4 * y + 0.81;
    out.reflection = 0.32 * (1 - density) * density * 4 + 0.05;
    out.shell = 0.12 * density;
  };
}

/** Stars whose light ends inside the tile: a neighbour does not know them. */
function scatterStars(gas: GasModel, pixels: number, random: Random): Star[] {
  const setting = emptySetting();
  const maps = gasMaps(1);
  const scale = pixels / REFERENCE_PIXELS;
  return Array.from({ length: 130 }, (_, i): Star => {
    const bright = i < 3;
    const flux = bright ? 3 + 9 * random() : Math.min(1.6, 0.06 * (1 - random()) ** -0.8);
    const kelvin = Math.max(2700, 6500 + 3500 * gaussian(random));
    const margin = Math.min(0.45, (bright ? starReach({ flux }, scale) : 10) / pixels);
    const x = margin + (1 - 2 * margin) * random();
    const y = margin + (1 - 2 * margin) * random();
    gas.survey(x, y, setting);
    gas.sample(x, y, setting, maps, 0);
    return { x, y, flux, kelvin, extinction: 0.8 * (maps.extinction[0] ?? 0) };
  });
}

function scatterGalaxies(random: Random): Galaxy[] {
  return Array.from({ length: 4 }, () => ({
    x: 0.15 + 0.7 * random(),
    y: 0.15 + 0.7 * random(),
    size: 0.005 + 0.017 * random() ** 2,
    flux: 0.3 + 0.4 * random(),
    flattening: 0.3 + 0.7 * random(),
    angle: Math.PI * random(),
    arms: 0.3 + 0.7 * random(),
    extinction: 0.4,
  }));
}
