import type { DataType } from "../../core/dtype.ts";
import type { ChannelInfo, ImageInfo, StoredLevel } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import type { Directory } from "./directory.ts";
import { type GdalBand, parseGdalMetadata, parseGdalNodata } from "./metadata/gdal.ts";
import type { OmeMetadata } from "./metadata/ome.ts";
import type { Page } from "./page.ts";
import type { Planes } from "./planes.ts";
import { PHOTOMETRIC, TAG } from "./tags.ts";

const MAX_CHANNELS = 4096;
/** Of all directories together. */
const MAX_METADATA_BYTES = 16 * 2 ** 20;
const MAX_NODATA_BYTES = 256;
/** A side from which on an image without pyramid is slow to show small. */
const LARGE_SIDE = 4096;

/** Everything about an image but its pixels, from its directories, OME-XML and GDAL's tags. */
export async function describe(
  planes: Planes,
  ome: OmeMetadata | null,
  warnings: readonly string[],
): Promise<ImageInfo> {
  const [full] = planes.levels;
  if (!full) throw unreadable("it holds no image");
  const { depth, times, columns } = planes.arrangement;
  if (columns * full.samples > MAX_CHANNELS)
    throw unreadable(`it has ${columns * full.samples} channels, where ${MAX_CHANNELS} are the most`);
  const channels: ChannelInfo[] = [];
  const gdal = new GdalTags();
  for (let column = 0; column < columns; column++) {
    channels.push(...(await columnChannels(planes, column, full, ome, gdal, channels.length)));
  }
  return {
    format: ome ? "OME-TIFF" : "TIFF",
    ...{ name: null, description: null, seriesCount: 1, georeference: null },
    width: full.width,
    height: full.height,
    ...{ depth, times, channels },
    levels: planes.levels.map(storedLevel),
    pixelSize: ome?.pixelSize ?? null,
    warnings: [...warnings, ...planes.arrangement.warnings, ...layoutWarnings(planes.levels)],
  };
}

function storedLevel({ width, height, chunks, codec }: Page): StoredLevel {
  return { width, height, chunkWidth: chunks.width, chunkHeight: chunks.height, codec };
}

function layoutWarnings(levels: readonly Page[]): readonly string[] {
  const [full, reduced] = levels;
  if (!full || Math.max(full.width, full.height) < LARGE_SIDE) return [];
  return [
    ...(reduced ? [] : ["It has no pyramid: coarse levels are computed from full resolution, which is slow."]),
    ...(full.blocks.tiled ? [] : ["It is stored in strips: tiles of 256 or 512 pixels would be faster to read."]),
  ];
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
  const directory = anyDirectory(planes, column);
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
      wavelengthNm: described?.wavelengthNm ?? null,
      color: samples === 1 ? (described?.color ?? null) : null,
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

function anyDirectory(planes: Planes, column: number): Directory | null {
  const { depth, times } = planes.arrangement;
  for (let t = 0; t < times; t++) {
    for (let z = 0; z < depth; z++) {
      const directory = planes.directory(column, z, t);
      if (directory) return directory;
    }
  }
  return null;
}

/** Names that the photometric interpretation gives; null: none. */
function colourName(photometric: number, samples: number, sample: number): string | null {
  if (photometric !== PHOTOMETRIC.rgb && photometric !== PHOTOMETRIC.ycbcr) return null;
  if (samples === 4 && sample === 3) return "alpha";
  return ["red", "green", "blue"][sample] ?? null;
}
