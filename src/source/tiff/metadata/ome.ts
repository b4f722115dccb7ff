import { BandloomError } from "../../../core/errors.ts";
import type { PixelSize } from "../../types.ts";
import { unreadable } from "../../unreadable.ts";
import { type ImageWarning, imageWarning } from "../../warnings.ts";
import { canonicalUnit, nanometres, sizeInOneUnit } from "./length-unit.ts";
import { type Attributes, finiteNumber, readXml } from "./xml.ts";

/** Planes of one image: z, t and channels multiply. */
const MAX_PLANES = 1_000_000;
/** Other images that are looked at, to tell whose a directory is … */
const MAX_OTHERS = 1000;
/** … as long as they have no more planes together. */
const MAX_OTHER_PLANES = 1_000_000;
/** Characters of a name or description. */
const MAX_SHOWN = 4096;
/** Axes that count two, and characters of what the second is. */
const MAX_MODULO = 8;
const MAX_AXIS_TYPE = 40;
const BLACK = 0;
const ORDERS = ["XYZCT", "XYZTC", "XYCTZ", "XYCZT", "XYTCZ", "XYTZC"] as const;
type DimensionOrder = (typeof ORDERS)[number];

interface OmeChannel {
  readonly name: string | null;
  readonly wavelengthNm: number | null;
  /** `#rrggbb`. */
  readonly color: string | null;
  readonly samplesPerPixel: number;
}

/** Planes that one TiffData element names; null: not said. */
export interface TiffData {
  readonly ifd: number | null;
  readonly first: { readonly c: number; readonly z: number; readonly t: number };
  readonly count: number | null;
  /** UUID and name of the file that holds them. */
  readonly uuid: string | null;
  readonly file: string | null;
}

/** One Image of an OME-XML document (OME data model 2016-06). */
export interface OmeMetadata {
  /** Of the document's file; null: not said. */
  readonly uuid: string | null;
  readonly name: string | null;
  readonly description: string | null;
  readonly sizeX: number;
  readonly sizeY: number;
  readonly sizeC: number;
  readonly sizeZ: number;
  readonly sizeT: number;
  readonly dimensionOrder: DimensionOrder;
  readonly channels: readonly OmeChannel[];
  readonly pixelSize: PixelSize | null;
  readonly tiffData: readonly TiffData[];
  readonly warnings: readonly ImageWarning[];
}

/** Whether an ImageDescription is OME-XML. */
export function looksLikeOme(text: string): boolean {
  return /^\uFEFF?\s*<(\?xml|!--|!DOCTYPE|(\w+:)?OME[\s>])/.test(text) && /<(\w+:)?OME[\s>]/.test(text);
}

/** What a document says, each image by itself: a mistake in one does no harm to another. */
export interface OmeDocument {
  readonly uuid: string | null;
  /** The file that holds the metadata in place of this one (`BinaryOnly`); null: this one does. */
  readonly metadataFile: string | null;
  readonly images: readonly OmeImage[];
  /** Axes of which each counts two (annotations of 6D, 7D and 8D storage): `Z: angle`. */
  readonly modulo: readonly string[];
}

interface OmeImage {
  readonly name: string | null;
  readonly description: string | null;
  readonly pixels: Attributes | null;
  readonly channels: readonly OmeChannel[];
  readonly tiffData: readonly TiffData[];
  readonly warnings: readonly ImageWarning[];
}

type Draft = { -readonly [K in keyof OmeImage]: OmeImage[K] } & {
  channels: OmeChannel[];
  tiffData: TiffData[];
  warnings: ImageWarning[];
};

const MODULO = /^OME\/StructuredAnnotations\/XMLAnnotation\/Value\/Modulo\/ModuloAlong([CZT])$/;

/** Parse OME-XML. SOURCE_UNREADABLE where it is no well-formed XML. */
export function parseOme(xml: string): OmeDocument {
  const images: Draft[] = [];
  let root: Attributes = {};
  const modulo = new Set<string>();
  let metadataFile: string | null = null;
  readXml(xml, {
    // By their whole path: annotations may hold elements of any name.
    open(path, attributes) {
      const image = images.at(-1);
      if (path === "OME") root = attributes;
      else if (path === "OME/BinaryOnly") metadataFile = attributes.MetadataFile || null;
      else if (path === "OME/Image") images.push(emptyImage(attributes));
      else if (path === "OME/Image/Pixels" && image) image.pixels ??= attributes;
      else if (path === "OME/Image/Pixels/Channel" && image) addChannel(image, attributes);
      else if (path === "OME/Image/Pixels/TiffData") image?.tiffData.push(tiffDataOf(attributes));
      else if (path === "OME/Image/Pixels/TiffData/UUID") changeLast(image, { file: attributes.FileName || null });
      const [, axis] = MODULO.exec(path) ?? [];
      if (axis) modulo.add(`${axis}: ${(shown(attributes.Type ?? "") ?? "other").slice(0, MAX_AXIS_TYPE)}`);
    },
    close(path, text) {
      const image = images.at(-1);
      if (path === "OME/Image/Pixels/TiffData/UUID") changeLast(image, { uuid: uuidOf(text) });
      else if (path === "OME/Image/Description" && image) image.description ??= shown(text);
    },
  });
  return { uuid: uuidOf(root.UUID ?? ""), metadataFile, images, modulo: [...modulo].slice(0, MAX_MODULO) };
}

function emptyImage({ Name }: Attributes): Draft {
  return { name: shown(Name ?? ""), description: null, pixels: null, channels: [], tiffData: [], warnings: [] };
}

function changeLast(image: Draft | undefined, change: Partial<TiffData>): void {
  const last = image?.tiffData.at(-1);
  if (last) image?.tiffData.splice(-1, 1, { ...last, ...change });
}

/** Text for people, cut to a length that a page can show; null where there is none. */
function shown(text: string): string | null {
  return text.trim().slice(0, MAX_SHOWN) || null;
}

/** UUID of the document that begins so; null: it has none, or is none. */
export function rootUuid(beginning: string): string | null {
  const root = /<(?:\w+:)?OME\s([^>]*)>/.exec(beginning)?.[1] ?? "";
  return uuidOf(/\sUUID\s*=\s*["']([^"']*)["']/.exec(` ${root}`)?.[1] ?? "");
}

/** UUIDs are equal in either case (RFC 4122). */
function uuidOf(text: string): string | null {
  return text.trim().toLowerCase() || null;
}

/** The image at `series`, checked. SOURCE_UNREADABLE where its sizes cannot be. */
export function omeImage({ uuid, images, modulo }: OmeDocument, series: number): OmeMetadata {
  const image = images[series];
  if (!image?.pixels) throw unreadable("its OME-XML describes no pixels");
  const { name, description, pixels, channels, tiffData, warnings } = image;
  const size = (key: string) => {
    const value = finiteNumber(pixels[key]);
    if (value !== null && Number.isInteger(value) && value >= 1 && value <= 2 ** 31) return value;
    throw unreadable(`its OME-XML gives no whole ${key}`);
  };
  const [sizeC, sizeZ, sizeT] = [size("SizeC"), size("SizeZ"), size("SizeT")];
  if (sizeC * sizeZ * sizeT > MAX_PLANES)
    throw unreadable(`its OME-XML tells of ${sizeC * sizeZ * sizeT} planes, where ${MAX_PLANES} are the most`);
  const dimensionOrder = ORDERS.find((order) => order === pixels.DimensionOrder);
  if (!dimensionOrder) throw unreadable("its OME-XML gives no order of dimensions");
  const described = channels.reduce((sum, one) => sum + one.samplesPerPixel, 0);
  return {
    ...{ uuid, name, description, sizeC, sizeZ, sizeT, dimensionOrder, tiffData },
    sizeX: size("SizeX"),
    sizeY: size("SizeY"),
    channels: described === sizeC ? channels : [],
    pixelSize: pixelSizeOf(pixels),
    warnings: [
      ...(described === sizeC || channels.length === 0 ? [] : [otherChannels(sizeC, described)]),
      ...warnings,
      ...modulo.map(moduloWarning),
    ],
  };
}

function otherChannels(sizeC: number, described: number): ImageWarning {
  return imageWarning(
    "NAMES_NOT_MATCHED",
    `Its OME-XML has ${sizeC} channels but describes ${described}: names and colors are left out. Correct its SizeC or SamplesPerPixel.`,
  );
}

function moduloWarning(axis: string): ImageWarning {
  return imageWarning(
    "METADATA_NOT_USED",
    `Its OME-XML counts two axes along ${axis.slice(0, 1)} (Modulo, ${axis.slice(3)}), which are not told apart: planes stand as they are counted.`,
  );
}

/** The other images, as far as they can be read. */
export function otherImages(document: OmeDocument, series: number): readonly OmeMetadata[] {
  let planes = 0;
  return document.images.slice(0, MAX_OTHERS).flatMap((image, index) => {
    if (index === series || !image.pixels) return [];
    try {
      const other = omeImage(document, index);
      planes += other.sizeC * other.sizeZ * other.sizeT;
      return planes <= MAX_OTHER_PLANES ? [other] : [];
    } catch (error) {
      if (error instanceof BandloomError) return [];
      throw error;
    }
  });
}

function addChannel({ channels, warnings }: Draft, attributes: Attributes): void {
  const channel = channelOf(attributes);
  channels.push(channel);
  if (channel.color !== null || attributes.Color === undefined) return;
  const said = finiteNumber(attributes.Color) === null ? "that is no number" : "in which nothing is seen";
  warnings.push(
    imageWarning("METADATA_NOT_USED", `Its OME-XML gives a channel a color ${said}: it has none. Correct its Color.`),
  );
}

function channelOf(attributes: Attributes): OmeChannel {
  const wavelength = (kind: "Emission" | "Excitation") =>
    nanometres(finiteNumber(attributes[`${kind}Wavelength`]), attributes[`${kind}WavelengthUnit`] ?? "nm");
  const samples = finiteNumber(attributes.SamplesPerPixel);
  return {
    name: attributes.Name || null,
    wavelengthNm: wavelength("Emission") ?? wavelength("Excitation"),
    color: colourOf(finiteNumber(attributes.Color)),
    samplesPerPixel: samples !== null && Number.isInteger(samples) && samples >= 1 ? samples : 1,
  };
}

/** Color is a signed 32-bit RGBA; alpha says nothing of how a channel is shown. Black is none: a channel of it would not be seen. */
function colourOf(rgba: number | null): string | null {
  // Some writers take the integer as unsigned.
  if (rgba === null || !Number.isInteger(rgba) || rgba < -(2 ** 31) || rgba >= 2 ** 32) return null;
  const rgb = (rgba >>> 8) & 0xffffff;
  return rgb === BLACK ? null : `#${rgb.toString(16).padStart(6, "0")}`;
}

/** Without a unit they are micrometers. */
function pixelSizeOf(pixels: Attributes): PixelSize | null {
  const along = (axis: "X" | "Y") => ({
    size: finiteNumber(pixels[`PhysicalSize${axis}`]) ?? Number.NaN,
    unit: canonicalUnit(pixels[`PhysicalSize${axis}Unit`] ?? "µm"),
  });
  return sizeInOneUnit(along("X"), along("Y"));
}

function tiffDataOf(attributes: Attributes): TiffData {
  const whole = (name: string): number | null => {
    const value = finiteNumber(attributes[name]);
    return value !== null && Number.isInteger(value) && value >= 0 ? value : null;
  };
  return {
    ifd: whole("IFD"),
    first: { c: whole("FirstC") ?? 0, z: whole("FirstZ") ?? 0, t: whole("FirstT") ?? 0 },
    count: whole("PlaneCount"),
    ...{ uuid: null, file: null },
  };
}
