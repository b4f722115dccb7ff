import { BandloomError } from "../core/errors.ts";
import { type Location, localPath } from "../source/index.ts";
import { PyramidTiffWriter, type StoredTile } from "../source/tiff/write.ts";
import { CogWriter } from "../source/tiff/write-cog.ts";
import { type Fields, resolutionFields, type TiffCompression, WRITE_TAG } from "../source/tiff/write-fields.ts";
import { gdalFields } from "../source/tiff/write-gdal.ts";
import { geoFields } from "../source/tiff/write-geo.ts";
import { omeXml } from "../source/tiff/write-ome-xml.ts";
import type { JoinedImage } from "./joined.ts";
import type { Output } from "./output.ts";
import type { Target, UnitResult } from "./protocol.ts";

/** What both kinds of TIFF are written by. */
interface TiffWriter {
  readonly partial: string;
  store(bytes: Uint8Array): Promise<StoredTile>;
  place(plane: number, level: number, x: number, y: number, tile: StoredTile): void;
  seal(signal?: AbortSignal): Promise<number>;
  publish(): Promise<void>;
  abort(): Promise<void>;
}

/** An OME-TIFF: a directory a plane, its pyramid in SubIFDs. `title` stands where the source has no name. */
export async function createOmeTiff(
  path: string,
  { info, type }: JoinedImage,
  target: Target,
  title: string,
): Promise<Output> {
  const writer = await PyramidTiffWriter.create(path, {
    ...layoutOf(target),
    planes: info.channels.length * info.depth * info.times,
    description: omeXml({ ...info, type, name: info.name ?? title }),
    fields: (plane) => {
      const channel = info.channels[plane % info.channels.length];
      const geo = plane === 0 && info.georeference ? geoFields(info.georeference, info) : [];
      return new Map([...(channel ? gdalFields([channel]) : []), ...geo]);
    },
  });
  return new TiffOutput(writer);
}

/** A TIFF laid out as a COG. BAD_REQUEST for what GeoTIFF has no place for. */
export async function createCog(path: string, { info }: JoinedImage, target: Target): Promise<Output> {
  if (info.depth * info.times > 1)
    throw new BandloomError(
      "BAD_REQUEST",
      `The image has ${info.depth} z and ${info.times} t planes, which a plain TIFF has no place for. Write .ome.tif or .zarr.`,
    );
  const nodata = [...new Set(info.channels.map((channel) => channel.nodata))];
  if (nodata.length > 1)
    throw new BandloomError(
      "BAD_REQUEST",
      `The channels have different values for no data (${nodata.map((value) => value ?? "none").join(", ")}), where a plain TIFF has one for all. Write .ome.tif.`,
    );
  const gdal = gdalFields(info.channels);
  const writer = await CogWriter.create(path, {
    ...layoutOf(target),
    channels: info.channels.length,
    rgb: ["red", "green", "blue"].every((colour, index) => info.channels[index]?.name === colour),
    fields: new Map([
      ...gdal,
      ...(info.georeference ? geoFields(info.georeference, info) : []),
      ...(info.pixelSize ? resolutionFields(info.pixelSize) : []),
    ]),
    common: nodataOf(gdal),
  });
  return new TiffOutput(writer);
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
