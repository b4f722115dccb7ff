import { type DataType, planeBytes, planeTypeOf } from "../../core/dtype.ts";
import type { ChannelInfo, ImageInfo, PixelSize, StoredLevel } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import type { Directory } from "./directory.ts";
import { layoutAdvice } from "./layout-advice.ts";
import { type GdalBand, parseGdalMetadata, parseGdalNodata } from "./metadata/gdal.ts";
import { type GeoFacts, type GeoTags, parseGeo } from "./metadata/geo.ts";
import type { ImageJStack } from "./metadata/image-j.ts";
import type { OmeMetadata } from "./metadata/ome.ts";
import type { Page } from "./page.ts";
import type { Planes } from "./planes.ts";
import { PHOTOMETRIC, TAG } from "./tags.ts";

const MAX_CHANNELS = 4096;
/** Of all directories together. */
const MAX_METADATA_BYTES = 16 * 2 ** 20;
const MAX_NODATA_BYTES = 256;
/** Values of a GeoTIFF tag; 8 parameters of a projection are many, tie points of a grid may be thousands. */
const MAX_GEO_VALUES = 65_536;
const MAX_GEO_TEXT = 65_536;

const WHITE_IS_ZERO =
  "Its numbers mean darkness (WhiteIsZero): they are kept, so that it shows inverted unless a formula inverts it.";

const RGB = ["red", "green", "blue"];
const COLOURS: ReadonlyMap<number, readonly string[]> = new Map([
  [PHOTOMETRIC.rgb, RGB],
  [PHOTOMETRIC.ycbcr, RGB],
  [PHOTOMETRIC.cmyk, ["cyan", "magenta", "yellow", "black"]],
]);

/** What is known of an image besides its directories. */
export interface Known {
  readonly ome: OmeMetadata | null;
  readonly imageJ: ImageJStack | null;
  /** ImageDescription of the first directory, where it is text for people. */
  readonly description: string | null;
  readonly seriesCount: number;
  readonly warnings: readonly string[];
}

/** Everything about an image but its pixels, from its directories, OME-XML, GDAL's and GeoTIFF's tags. */
export async function describe(planes: Planes, known: Known): Promise<ImageInfo> {
  const [full] = planes.levels;
  if (!full) throw unreadable("it holds no image");
  const { depth, times, columns, planes: places } = planes.arrangement;
  if (columns * full.samples > MAX_CHANNELS)
    throw unreadable(`it has ${columns * full.samples} channels, where ${MAX_CHANNELS} are the most`);
  const { ome, imageJ, seriesCount } = known;
  const channels: ChannelInfo[] = [];
  const gdal = new GdalTags();
  for (let column = 0; column < columns; column++) {
    channels.push(...(await columnChannels(planes, column, full, ome, gdal, channels.length)));
  }
  const missing = places.filter((one) => one === null).length;
  const geo = parseGeo(await readGeo(planes.ownDirectory(0)));
  return {
    format: ome ? "OME-TIFF" : "TIFF",
    name: ome?.name ?? null,
    description: ome ? ome.description : known.description,
    ...{ seriesCount, depth, times, channels },
    ...{ width: full.width, height: full.height },
    levels: planes.levels.map(storedLevel),
    pixelSize: ome?.pixelSize ?? (await imageJPixelSize(planes, imageJ)) ?? geoPixelSize(geo),
    georeference: geo.georeference,
    warnings: [
      ...known.warnings,
      ...(ome?.warnings ?? []),
      ...geo.warnings,
      ...(missing > 0
        ? [
            `${missing} of its ${places.length} planes cannot be read: their files are missing, or belong to another image.`,
          ]
        : []),
      ...(full.photometric === PHOTOMETRIC.whiteIsZero ? [WHITE_IS_ZERO] : []),
    ],
    advice: layoutAdvice(planes.levels),
  };
}

async function readGeo(directory: Directory | null): Promise<GeoTags> {
  if (!directory) return { scale: null, tiepoints: null, matrix: null, keys: null, text: null };
  const numbers = async (tag: number) => {
    const count = directory.entry(tag)?.count ?? 0;
    return count > 0 && count <= MAX_GEO_VALUES ? await directory.numbers(tag, MAX_GEO_VALUES) : null;
  };
  return {
    scale: await numbers(TAG.modelPixelScale),
    tiepoints: await numbers(TAG.modelTiepoint),
    matrix: await numbers(TAG.modelTransformation),
    keys: await numbers(TAG.geoKeyDirectory),
    text: directory.entry(TAG.geoAscii) ? await directory.text(TAG.geoAscii, MAX_GEO_TEXT) : null,
  };
}

function geoPixelSize({ georeference, unit }: GeoFacts): PixelSize | null {
  if (!georeference || unit === null) return null;
  const [a, b, , d, e] = georeference.affine;
  return { x: Math.hypot(a, d), y: Math.hypot(b, e), unit };
}

/** ImageJ's resolution is in pixels per unit. */
async function imageJPixelSize(planes: Planes, imageJ: ImageJStack | null): Promise<PixelSize | null> {
  const directory = planes.ownDirectory(0);
  if (!imageJ?.unit || !directory) return null;
  const x = 1 / (await directory.number(TAG.xResolution, 0));
  const y = 1 / (await directory.number(TAG.yResolution, 0));
  return x > 0 && y > 0 && Number.isFinite(x + y) ? { x, y, unit: imageJ.unit } : null;
}

export function storedLevel({ width, height, chunks, codec, dataType, samples, separate }: Page): StoredLevel {
  const planeSize = chunks.width * chunks.height * planeBytes(planeTypeOf(dataType));
  return {
    ...{ width, height, chunkWidth: chunks.width, chunkHeight: chunks.height, codec },
    ...(chunks.strips > 1 ? { chunkReads: chunks.strips } : {}),
    ...(samples > 1 && !separate ? { chunkBytes: samples * planeSize } : {}),
  };
}

/** Channels that one column of directories holds: its samples. */
async function columnChannels(
  planes: Planes,
  column: number,
  { samples, photometric, dataType }: Page,
  ome: OmeMetadata | null,
  gdal: GdalTags,
  firstIndex: number,
): Promise<readonly ChannelInfo[]> {
  const directory = planes.ownDirectory(column);
  const bands = directory ? await gdal.bands(directory, samples) : [];
  const nodataText = directory ? await directory.text(TAG.gdalNodata, MAX_NODATA_BYTES) : null;
  const nodata = nodataText === null ? null : parseGdalNodata(nodataText);
  // OME-XML describes a directory of several samples by one Channel of as many SamplesPerPixel.
  const described = ome?.channels[column] ?? null;
  return Array.from({ length: samples }, (_, sample): ChannelInfo => {
    const band = bands[sample];
    const generated = colourName(photometric, samples, sample) ?? `b${firstIndex + sample + 1}`;
    const own = samples === 1 ? described?.name : described?.name && `${described.name} ${generated}`;
    return {
      index: firstIndex + sample,
      name: own || band?.description || generated,
      dataType,
      wavelengthNm: described?.wavelengthNm ?? band?.wavelengthNm ?? null,
      color: (samples === 1 ? described?.color : null) ?? band?.color ?? null,
      nodata,
      unit: band?.unit ?? null,
      scale: band?.scale ?? 1,
      offset: band?.offset ?? 0,
      window: statisticsWindow(band, dataType),
      active: null,
      masked: false,
    };
  });
}

/** The least and greatest value that GDAL has computed; bytes have a window by the display rules. */
function statisticsWindow(band: GdalBand | undefined, dataType: DataType): ChannelInfo["window"] {
  const statistics = band?.statistics;
  if (!statistics || dataType === "uint8" || !(statistics.min < statistics.max)) return null;
  return [statistics.min, statistics.max];
}

/** GDAL's metadata of many directories, parsed once where they share them. */
class GdalTags {
  readonly #known = new Map<number, readonly GdalBand[]>();
  #budget = MAX_METADATA_BYTES;

  async bands(directory: Directory, samples: number): Promise<readonly GdalBand[]> {
    const entry = directory.entry(TAG.gdalMetadata);
    if (!entry) return [];
    const known = this.#known.get(entry.offset);
    if (known) return known;
    const xml = (await directory.text(TAG.gdalMetadata, this.#budget)) ?? "";
    this.#budget -= xml.length;
    const bands = parseGdalMetadata(xml, samples);
    this.#known.set(entry.offset, bands);
    return bands;
  }
}

/** Names that the photometric interpretation gives; null: none. */
function colourName(photometric: number, samples: number, sample: number): string | null {
  const names = COLOURS.get(photometric);
  if (names === RGB && samples === 4 && sample === 3) return "alpha";
  return names?.[sample] ?? null;
}
