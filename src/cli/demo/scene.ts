import type { Galaxy } from "./galaxies.ts";
import { emptySetting, GasModel, gasMaps, type Landscape } from "./gas.ts";
import { smoothstep } from "./noise.ts";
import { gaussian, type Random, seededRandom } from "./random.ts";
import type { Star } from "./stars.ts";

/** Everything that a painter needs, in units of the scene: the unit square is the picture. */
export interface Scene {
  readonly gas: GasModel;
  readonly stars: readonly Star[];
  readonly galaxies: readonly Galaxy[];
  /** Pixels a unit. */
  readonly pixels: number;
}

/** Sizes of stars are meant for a picture of so many pixels; others are scaled. */
export const REFERENCE_PIXELS = 4096;

const SEED = 20_240_917;
/** The young cluster that lights the nebula. */
const CLUSTER = { x: 0.47, y: 0.46 };
/** A second, smaller nest of young stars. */
const NEST = { x: 0.83, y: 0.75 };
/** Two blue stars beside a dust cloud, whose light it scatters. */
const BLUE = { x: 0.17, y: 0.8 };
/** An old supernova's shell: seen in ultraviolet and, faintly, in [O III]. */
const REMNANT = { x: 0.8, y: 0.22, radius: 0.105 };
/** A cold cloud: a hole among the stars in visible light, the brightest thing in the far infrared. */
const DARK_CLOUD = { x: 0.16, y: 0.3 };

/** The picture that a new user sees first: an emission nebula with pillars of dust, seen through stars, galaxies behind. */
export function nebulaScene(pixels: number): Scene {
  const gas = new GasModel({ seed: SEED, landscape: nebulaLandscape, cells: 4, periodic: false, pixels });
  const random = seededRandom(SEED);
  return { gas, stars: scatterStars(gas, random), galaxies: scatterGalaxies(gas, random), pixels };
}

const nebulaLandscape: Landscape = (x, y, u, v, out) => {
  const rx = u - CLUSTER.x;
  const ry = v - CLUSTER.y;
  const distance = Math.sqrt((rx / 0.36) ** 2 + (ry / 0.3) ** 2);
  const nest = squared(u - NEST.x, v - NEST.y, 0.13);
  const radius = Math.sqrt(rx * rx + ry * ry) + 1e-9;
  const stretch = (2.3 * (radius / 0.3) ** 0.55) / radius;

  out.gas = 1.0 * Math.exp(-0.9 * distance * distance) + 0.6 * Math.exp(-nest) + 0.06;
  out.light = Math.min(1, Math.exp(-((distance / 0.95) ** 2)) + 0.75 * Math.exp(-1.3 * nest));
  out.cavity = Math.exp(-((distance / 0.52) ** 4)) + 0.35 * Math.exp(-3 * nest);
  out.dustX = rx * stretch + 9.4;
  out.dustY = ry * stretch + 4.8;
  const wall = Math.exp(-(((distance - 0.98) / 0.4) ** 2));
  const side = smoothstep(-0.25, 0.35, 0.6 * ry - 0.8 * rx);
  const dark = squared(u - DARK_CLOUD.x, v - DARK_CLOUD.y, 0.11);
  out.dust =
    -0.75 * Math.exp(-((distance / 0.5) ** 2)) +
    wall * (0.02 + 0.42 * side) +
    0.7 * Math.exp(-dark) -
    0.24 -
    0.25 * smoothstep(1.3, 2.2, distance) -
    0.25 * Math.exp(-2 * nest);
  out.reflection =
    0.9 * Math.exp(-squared(u - BLUE.x, v - BLUE.y, 0.085)) + 0.5 * Math.exp(-squared(u - 0.25, v - 0.88, 0.06));
  const ring = Math.sqrt((x * 0.85 + u * 0.15 - REMNANT.x) ** 2 + (y * 0.85 + v * 0.15 - REMNANT.y) ** 2);
  const inside = 1 - smoothstep(REMNANT.radius - 0.004, REMNANT.radius + 0.01, ring);
  out.shell = inside * (0.12 + 0.9 * Math.exp(-(((ring - REMNANT.radius) / 0.018) ** 2)));
};

/** Squared distance in units of `radius`. */
function squared(dx: number, dy: number, radius: number): number {
  return (dx * dx + dy * dy) / (radius * radius);
}

function scatterStars(gas: GasModel, random: Random): Star[] {
  const depth = depthOf(gas);
  const stars: Star[] = [];
  for (let i = 0; i < 16000; i++) {
    const x = random();
    const y = random();
    // Counts rise as brightness falls: N(> flux) ∝ flux^-1.1, capped so that few dominate.
    const flux = Math.min(12, 0.045 * (1 - random()) ** -0.85);
    const behind = random() < 0.75 ? 1 : 0.1;
    stars.push({ x, y, flux, kelvin: fieldTemperature(random), extinction: behind * depth(x, y) });
  }
  for (let i = 0; i < 420; i++) {
    const spread = 0.075 * random() ** 0.7 + 0.004;
    const x = CLUSTER.x + spread * gaussian(random);
    const y = CLUSTER.y + spread * gaussian(random);
    const flux = Math.min(22, 0.12 * (1 - random()) ** -0.95);
    stars.push({ x, y, flux, kelvin: 9000 + 24_000 * random(), extinction: 0.25 * depth(x, y) });
  }
  for (let i = 0; i < 130; i++) {
    const x = NEST.x + 0.03 * gaussian(random);
    const y = NEST.y + 0.03 * gaussian(random);
    const flux = Math.min(10, 0.1 * (1 - random()) ** -0.9);
    stars.push({ x, y, flux, kelvin: 6000 + 16_000 * random(), extinction: 0.5 * depth(x, y) });
  }
  // Protostars in their cocoons: nothing but the infrared gets out.
  for (let i = 0; i < 200; i++) {
    const x = random();
    const y = random();
    if (depth(x, y) < 0.8) continue;
    stars.push({ x, y, flux: 4 + 8 * random(), kelvin: 1500 + 1200 * random(), extinction: 20 });
  }
  return stars.concat(heroes(random));
}

/** The bright ones, where they look well. */
function heroes(random: Random): Star[] {
  const places: readonly (readonly [x: number, y: number, flux: number, kelvin: number])[] = [
    [CLUSTER.x + 0.004, CLUSTER.y - 0.006, 42, 31_000],
    [CLUSTER.x - 0.021, CLUSTER.y + 0.013, 26, 25_000],
    [BLUE.x, BLUE.y, 46, 19_000],
    [BLUE.x + 0.075, BLUE.y + 0.075, 24, 15_000],
    [NEST.x, NEST.y - 0.004, 24, 24_000],
    [0.635, 0.115, 40, 3700],
    [0.915, 0.47, 26, 4600],
    [0.335, 0.93, 22, 5900],
    [0.075, 0.095, 26, 8600],
    [0.62, 0.84, 18, 3400],
    [0.945, 0.935, 16, 9800],
    [0.385, 0.085, 15, 5200],
  ];
  return places.map(([x, y, flux, kelvin]) => ({
    x: x + 0.002 * random(),
    y: y + 0.002 * random(),
    flux,
    kelvin,
    extinction: 0.05,
  }));
}

function fieldTemperature(random: Random): number {
  const kind = random();
  if (kind < 0.3) return 2900 + 1100 * random();
  if (kind < 0.72) return 4000 + 2500 * random();
  return 6500 + 9000 * random() ** 2;
}

function scatterGalaxies(gas: GasModel, random: Random): Galaxy[] {
  const depth = depthOf(gas);
  const showpieces: Galaxy[] = [
    { x: 0.925, y: 0.085, size: 0.0105, flux: 0.85, flattening: 0.62, angle: 0.7, arms: 1, extinction: 0.1 },
    { x: 0.06, y: 0.57, size: 0.0062, flux: 0.8, flattening: 0.3, angle: 2.3, arms: 0.8, extinction: 0.1 },
    { x: 0.955, y: 0.62, size: 0.005, flux: 0.9, flattening: 0.8, angle: 1.1, arms: 0, extinction: 0.1 },
  ];
  const distant = Array.from({ length: 150 }, (): Galaxy => {
    const x = random();
    const y = random();
    return {
      x,
      y,
      size: 0.0006 + 0.0016 * random() ** 3,
      flux: 0.25 + 0.4 * random(),
      flattening: 0.25 + 0.75 * random(),
      angle: Math.PI * random(),
      arms: random() < 0.35 ? 0 : 0.4 + 0.6 * random(),
      extinction: 1.3 * depth(x, y),
    };
  });
  return showpieces.concat(distant);
}

/** Optical depth of the whole cloud at a point. */
function depthOf(gas: GasModel): (x: number, y: number) => number {
  const setting = emptySetting();
  const maps = gasMaps(1);
  return (x, y) => {
    gas.survey(x, y, setting);
    gas.sample(x, y, setting, maps, 0);
    return maps.extinction[0] ?? 0;
  };
}
