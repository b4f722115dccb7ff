import { BandloomError } from "../core/errors.ts";
import { type ChannelInfo, type ImageInfo, type Location, localPath } from "../source/index.ts";
import { PyramidTiffWriter, type StoredTile } from "../source/tiff/write.ts";
import { CogWriter } from "../source/tiff/write-cog.ts";
import { profileFields } from "../source/tiff/write-colors.ts";
import { type Fields, resolutionFields, type TiffCompression, WRITE_TAG } from "../source/tiff/write-fields.ts";
import { gdalFields } from "../source/tiff/write-gdal.ts";
import { geoFields } from "../source/tiff/write-geo.ts";
import { omeXml } from "../source/tiff/write-ome-xml.ts";
import type { JoinedImage } from "./joined.ts";
import type { Output } from "./output.ts";
import type { Target, UnitResult } from "./protocol.ts";
import { directoryColors, isOneDirectory, planeColors, profileOf } from "./tiff-colors.ts";

/** What both kinds of TIFF are written by. */
interface TiffWriter {
  readonly partial: string;
  store(bytes: Uint8Array): Promise<StoredTile>;
  place(plane: number, level: number, x: number, y: number, tile: StoredTile): void;
  seal(signal?: AbortSignal): Promise<number>;
  publish(): Promise<void>;
  abort(): Promise<void>;
}

/**
 * An OME-TIFF: a directory a plane, its pyramid in SubIFDs; what makes colors together is one directory. `title` stands where the source has
 * no name.
 */
export async function createOmeTiff(path: string, image: JoinedImage, target: Target, title: string): Promise<Output> {
  const { info, type } = image;
  const together = isOneDirectory(image);
  if (together) assertOneNodata(info.channels, "Write .zarr.");
  const samples = together ? info.channels.length : 1;
  const writer = await PyramidTiffWriter.create(path, {
    ...layoutOf(target),
    planes: (info.channels.length / samples) * info.depth * info.times,
    samples,
    description: omeXml({ ...info, type, name: info.name ?? title, together }),
    common: together ? directoryColors(image) : planeColors(image),
    fields: (plane) => {
      const channel = info.channels[plane % info.channels.length];
      const described = together ? info.channels : channel ? [channel] : [];
      return new Map([
        ...gdalFields(described),
        ...(plane === 0 ? [...placeOf(info), ...profileFieldsOf(image, "ome-tiff")] : []),
      ]);
    },
  });
  return new TiffOutput(writer);
}

/** A TIFF laid out as a COG. BAD_REQUEST for what GeoTIFF has no place for. */
export async function createCog(path: string, image: JoinedImage, target: Target): Promise<Output> {
  const { info } = image;
  if (info.depth * info.times > 1)
    throw new BandloomError(
      "BAD_REQUEST",
      `The image has ${info.depth} z and ${info.times} t planes, which a plain TIFF has no place for. Write .ome.tif or .zarr.`,
    );
  assertOneNodata(info.channels, "Write .ome.tif.");
  const gdal = gdalFields(info.channels);
  const writer = await CogWriter.create(path, {
    ...layoutOf(target),
    channels: info.channels.length,
    rgb: false,
    colors: directoryColors(image),
    fields: new Map([
      ...gdal,
      ...placeOf(info),
      ...(info.pixelSize ? resolutionFields(info.pixelSize) : []),
      ...profileFieldsOf(image, "cog"),
    ]),
    common: nodataOf(gdal),
  });
  return new TiffOutput(writer);
}

function assertOneNodata(channels: readonly ChannelInfo[], remedy: string): void {
  const all = channels.filter(({ alpha }) => !alpha);
  // NaN is no data in any case: whole numbers that are written beside such floats have none of it.
  const none = all.some((one) => Number.isNaN(one.nodata)) ? Number.NaN : null;
  const nodata = [...new Set(all.map((one) => one.nodata ?? none))];
  if (nodata.length <= 1) return;
  throw new BandloomError(
    "BAD_REQUEST",
    `The channels have different values for no data (${nodata.map((value) => value ?? "none").join(", ")}), where a directory of TIFF has one for all. ${remedy}`,
  );
}

function placeOf(info: ImageInfo): Fields {
  return info.georeference ? geoFields(info.georeference, info) : new Map();
}

function profileFieldsOf(image: JoinedImage, format: "cog" | "ome-tiff"): Fields {
  const profile = profileOf(image, format);
  return profile ? profileFields(profile) : new Map();
}

/** GDAL reads overviews as images of their own: each says what is no data. */
function nodataOf(fields: Fields): Fields {
  return new Map([...fields].filter(([tag]) => tag === WRITE_TAG.gdalNodata));
}

function layoutOf({ width, height, chunk, type, levels, encoding }: Target) {
  const compression: TiffCompression = encoding.compression === "zstd" ? "zstd" : "deflate";
  return { width, height, tileSize: chunk, type, levels, compression };
}

class TiffOutput implements Output {
  readonly #writer: TiffWriter;
  #bytes = 0;

  constructor(writer: TiffWriter) {
    this.#writer = writer;
  }

  async write({ bytes, chunks }: UnitResult): Promise<void> {
    const { offset } = await this.#writer.store(bytes);
    for (const { plane, level, x, y, offset: at, length } of chunks) {
      this.#writer.place(plane, level, x, y, { offset: offset + at, byteCount: length });
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  async seal(signal?: AbortSignal): Promise<Location> {
    this.#bytes = await this.#writer.seal(signal);
    return localPath(this.#writer.partial);
  }

  publish(): Promise<void> {
    return this.#writer.publish();
  }

  abort(): Promise<void> {
    return this.#writer.abort();
  }
}
