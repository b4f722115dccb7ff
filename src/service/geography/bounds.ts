import type { Size } from "../../core/geometry.ts";
import type { ImageInfo } from "../../source/index.ts";
import { extremes } from "./extremes.ts";
import { type Affine, outline, pixelAt } from "./outline.ts";
import { type Geographic, type ReferenceSystem, referenceSystem } from "./reference-system.ts";

/** Degrees on WGS 84. Across the antimeridian `west` is larger than `east`, as in GeoJSON (RFC 7946, section 5.2). */
export interface GeographicBounds {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/**
 * A straight side in one projection is a curve in another: its ends alone would miss where it bulges. GDAL takes 21 points a side;
 * near a pole, longitudes of neighbours need to be closer.
 */
const STEPS = 64;
const FULL_CIRCLE = 360;
const NORTH_POLE = 90;
/** Centers of large cells lie at the poles: up to this the image is cut there. Beyond it, its coordinates are no degrees. */
const MOST_LATITUDE = 100;
/** Longitudes go round a pole, or round the world, up to rounding. */
const ROUND = 1e-6;

/** Null without a georeference, for a reference system that is not known, and where a side leaves what it can show. */
export async function geographicBounds(
  image: Pick<ImageInfo, "width" | "height" | "georeference">,
): Promise<GeographicBounds | null> {
  const { georeference } = image;
  if (!georeference) return null;
  const system = await referenceSystem(georeference);
  return system && boundsIn(system, georeference.affine, image);
}

function boundsIn(system: ReferenceSystem, affine: Affine, size: Size): GeographicBounds | null {
  const found = outline(affine, size, STEPS).map(([x, y]) => system.toGeographic(x, y));
  const places = found.filter((one): one is Geographic => one !== null);
  if (places.length < found.length || places.some(isBeyondPoles)) return null;
  const [lowest, highest] = extremes(
    places.map(([, latitude]) => latitude),
    STEPS,
  );
  const south = holds(system, affine, size, -NORTH_POLE) ? -NORTH_POLE : Math.max(-NORTH_POLE, lowest);
  const north = holds(system, affine, size, NORTH_POLE) ? NORTH_POLE : Math.min(NORTH_POLE, highest);
  const { west, east } = longitudesOf(places);
  return { west: rounded(west), south: rounded(south), east: rounded(east), north: rounded(north) };
}

function isBeyondPoles([, latitude]: Geographic): boolean {
  return Math.abs(latitude) > MOST_LATITUDE;
}

/** To a tenth of a millimetre on the ground: digits below that are noise of the projection. */
function rounded(degrees: number): number {
  return Math.round(degrees * 1e9) / 1e9;
}

/** In a cylindrical projection a pole is a line or nowhere: the sides have its latitude then, or it is not shown. */
function holds(system: ReferenceSystem, affine: Affine, { width, height }: Size, pole: number): boolean {
  const at = system.fromGeographic(0, pole);
  if (!at) return false;
  const [column, row] = pixelAt(affine, ...at);
  return column >= 0 && column <= width && row >= 0 && row <= height;
}

/** Neighbours are less than half a turn apart: the way round the image, unrolled, tells whether it crosses the antimeridian. */
function longitudesOf(places: readonly Geographic[]): Pick<GeographicBounds, "west" | "east"> {
  let last = places[0]?.[0] ?? 0;
  // The first place once more at the end: the way round a pole ends where it began, and a turn further.
  const unrolled = [...places, ...places.slice(0, 1)].map(([longitude]) => {
    last += turn(longitude - last);
    return last;
  });
  const [west, east] = extremes(unrolled, STEPS);
  if (east - west >= FULL_CIRCLE - ROUND) return { west: -FULL_CIRCLE / 2, east: FULL_CIRCLE / 2 };
  return { west: wrapped(west, -1), east: wrapped(east, 1) };
}

/** The same angle, at most half a turn. */
function turn(degrees: number): number {
  return degrees - FULL_CIRCLE * Math.round(degrees / FULL_CIRCLE);
}

/** Into -180 … 180; at the antimeridian itself, the side that is meant: a western edge is -180, an eastern one 180. */
function wrapped(longitude: number, side: -1 | 1): number {
  const within = turn(longitude);
  return Math.abs(within) === FULL_CIRCLE / 2 ? (side * FULL_CIRCLE) / 2 : within;
}
