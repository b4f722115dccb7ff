import { planeBytes, planeTypeOf } from "../../core/dtype.ts";
import type { Alpha } from "../alpha.ts";
import type { ConvertedColors } from "../color/converted.ts";
import { unusedLevelsWarning } from "../levels-used.ts";
import { withBands } from "../sidecars/bands.ts";
import type { ImageInfo, PixelSize, StoredLevel } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { boundedWarnings, type ImageWarning, imageWarning } from "../warnings.ts";
import { assertChannels, describeChannels } from "./channels.ts";
import { isNegative, tiffColors } from "./colors.ts";
import type { Directory } from "./directory.ts";
import { findPalette } from "./find-palette.ts";
import { layoutAdvice } from "./layout-advice.ts";
import { type GeoFacts, type GeoTags, parseGeo } from "./metadata/geo.ts";
import type { PlaceBeside } from "./metadata/geo-system.ts";
import type { ImageJStack } from "./metadata/image-j.ts";
import type { OmeMetadata } from "./metadata/ome.ts";
import type { Outer } from "./outer.ts";
import type { Page } from "./page.ts";
import type { Palette } from "./palette.ts";
import type { Planes } from "./planes.ts";
import { TAG } from "./tags.ts";
import { readTold } from "./told.ts";

/** Values of a GeoTIFF tag; 8 parameters of a projection are many, tie points of a grid may be thousands. */
const MAX_GEO_VALUES = 65_536;
const MAX_GEO_TEXT = 65_536;

/** What is known of an image besides its directories. */
export interface Known {
  readonly ome: OmeMetadata | null;
  readonly imageJ: ImageJStack | null;
  /** ImageDescription of the first directory, where it is text for people. */
  readonly description: string | null;
  readonly seriesCount: number;
  readonly warnings: readonly ImageWarning[];
  /** What files beside it tell of its place. */
  readonly place: PlaceBeside;
}

export interface Description {
  readonly info: ImageInfo;
  readonly alphas: readonly Alpha[];
  readonly palette: Palette | null;
  /** Null: no sRGB is made of its samples. */
  readonly colors: ConvertedColors | null;
}

/** Everything about an image but its pixels, from its directories, OME-XML, GDAL's and GeoTIFF's tags, and files beside it. */
export async function describe(planes: Planes, known: Known, { overviews, ...outer }: Outer): Promise<Description> {
  const [full] = planes.levels;
  if (!full) throw unreadable("it holds no image");
  const { depth, times, planes: places } = planes.arrangement;
  const { ome, seriesCount } = known;
  assertChannels(planes, full);
  const written = await readTold(planes, full, known);
  const { warnings, ...stored } = await describeChannels(planes, full, ome?.channels ?? written.channels);
  const { channels, alphas, warnings: told } = withBands(stored, outer.bands);
  const geo = parseGeo(await readGeo(planes.ownDirectory(0)), known.place);
  const levels = [...planes.levels, ...(overviews?.levels ?? [])];
  // The planes of OME-TIFF are as its XML describes them.
  const palette = ome ? null : await findPalette(planes, outer.bands[0]?.palette ?? null);
  const found = await tiffColors(planes, full, palette);
  const info: ImageInfo = {
    format: ome ? "OME-TIFF" : "TIFF",
    name: ome?.name ?? null,
    description: ome ? ome.description : (written.description ?? known.description),
    ...{ seriesCount, depth, times, channels },
    ...{ width: full.width, height: full.height },
    levels: levels.map(storedLevel),
    pixelSize: ome?.pixelSize ?? written.pixelSize ?? geoPixelSize(geo),
    georeference: geo.georeference,
    warnings: boundedWarnings([
      ...known.warnings,
      ...(ome?.warnings ?? written.warnings),
      ...geo.warnings,
      ...missingPlanes(places),
      ...found.warnings,
      ...warnings,
      ...told,
      ...unusedLevelsWarning(full, levels, planes.unused + (overviews?.unused ?? 0)),
      ...outer.warnings,
    ]),
    advice: layoutAdvice(levels),
    ...(isNegative(full) ? { negative: true } : {}),
  };
  return { info, alphas, palette, colors: found.colors };
}

function missingPlanes(places: readonly unknown[]): readonly ImageWarning[] {
  const missing = places.filter((one) => one === null).length;
  if (missing === 0) return [];
  const message = `${missing} of its ${places.length} planes cannot be read: it names no place for them, ends before them, or their files are not beside it. Put all files of the set into one folder, or write it anew.`;
  return [imageWarning("PLANES_MISSING", message)];
}

/** Values of GeoTIFF's tags. */
export async function readGeo(directory: Directory | null): Promise<GeoTags> {
  if (!directory)
    return {
      ...{ scale: null, tiepoints: null, matrix: null },
      hasCamera: false,
      keys: null,
      doubles: null,
      text: null,
    };
  const numbers = async (tag: number) => {
    const count = directory.entry(tag)?.count ?? 0;
    return count > 0 && count <= MAX_GEO_VALUES ? await directory.numbers(tag, MAX_GEO_VALUES) : null;
  };
  return {
    scale: await numbers(TAG.modelPixelScale),
    tiepoints: await numbers(TAG.modelTiepoint),
    matrix: await numbers(TAG.modelTransformation),
    hasCamera: directory.entry(TAG.rationalPolynomials) !== undefined,
    keys: await numbers(TAG.geoKeyDirectory),
    doubles: await numbers(TAG.geoDoubles),
    text: directory.entry(TAG.geoAscii) ? await directory.text(TAG.geoAscii, MAX_GEO_TEXT) : null,
  };
}

export function geoPixelSize({ georeference, unit }: GeoFacts): PixelSize | null {
  if (!georeference || unit === null) return null;
  const [a, b, , d, e] = georeference.affine;
  return { x: Math.hypot(a, d), y: Math.hypot(b, e), unit };
}

export function storedLevel({ width, height, chunks, codec, dataType, samples, separate }: Page): StoredLevel {
  const planeSize = chunks.width * chunks.height * planeBytes(planeTypeOf(dataType));
  return {
    ...{ width, height, chunkWidth: chunks.width, chunkHeight: chunks.height, codec },
    ...(chunks.strips > 1 ? { chunkReads: chunks.strips } : {}),
    ...(samples > 1 && !separate ? { chunkBytes: samples * planeSize } : {}),
  };
}
