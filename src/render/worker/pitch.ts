import type { Lengths, Pitch } from "../../formula/index.ts";
import type { Georeference, Ground, ImageInfo } from "../../source/types.ts";

/** Radians from north to south up to which the latitude of the middle serves all rows, as in gdaldem; 2 degrees and some rounding. */
const FLAT_HEIGHT = (2.001 * Math.PI) / 180;
/** Of a latitude: meridians meet at the poles, and no pixel has a width of 0 there. */
const LEAST_COSINE = 1e-6;

/** Lengths of a pixel of a level: in the unit of the image's place, else in pixels of full resolution; on the ground where that is known. */
export function pitchOf(image: Pick<ImageInfo, "width" | "height" | "georeference">, level: number): Pitch {
  const downsample = 2 ** level;
  const { georeference } = image;
  if (!georeference) return { x: downsample, y: downsample };
  const [a, b, , d, e] = georeference.affine;
  const lengths = { x: Math.hypot(a, d) * downsample, y: Math.hypot(b, e) * downsample };
  const { ground } = georeference;
  if (!ground) return lengths;
  if (ground.radians === null) {
    const meters = { x: lengths.x * ground.meters, y: lengths.y * ground.meters };
    return { ...lengths, ground: () => meters };
  }
  return { ...lengths, ground: onSphere(image, georeference, { ...ground, radians: ground.radians }, downsample) };
}

/**
 * Of a grid of angles, on the sphere of the equator's radius: as gdaldem from 3.11 on, all at the latitude of the image's middle. Where an
 * image is taller than some degrees each row has its own latitude, in its middle column.
 */
function onSphere(
  { width, height }: Pick<ImageInfo, "width" | "height">,
  { affine: [a, b, , d, e, f] }: Georeference,
  { meters, radians }: Ground & { readonly radians: number },
  downsample: number,
): (row: number) => Lengths {
  const lengthsAt = (row: number): Lengths => {
    const latitude = ((d * width) / 2 + e * row + f) * radians;
    const cosine = Math.max(LEAST_COSINE, Math.cos(latitude));
    const length = (longitudes: number, latitudes: number) =>
      Math.hypot(longitudes * cosine, latitudes) * meters * downsample;
    return { x: length(a, d), y: length(b, e) };
  };
  const middle = lengthsAt(height / 2);
  const isFlat = Math.abs(e * height * radians) <= FLAT_HEIGHT;
  return isFlat ? () => middle : (row) => lengthsAt(Math.min(height, (row + 0.5) * downsample));
}
