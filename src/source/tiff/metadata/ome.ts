import type { PixelSize } from "../../types.ts";
import { unreadable } from "../../unreadable.ts";
import { canonicalUnit, nanometres } from "./length-unit.ts";
import { type Attributes, finiteNumber, readXml } from "./xml.ts";

/** Planes of one image: z, t and channels multiply. */
const MAX_PLANES = 1_000_000;
const ORDERS = ["XYZCT", "XYZTC", "XYCTZ", "XYCZT", "XYTCZ", "XYTZC"] as const;
type DimensionOrder = (typeof ORDERS)[number];

interface OmeChannel {
  readonly name: string | null;
  readonly wavelengthNm: number | null;
  /** `#rrggbb`. */
  readonly color: string | null;
  readonly samplesPerPixel: number;
}

/** Planes that one TiffData element names; undefined: not said. */
interface TiffData {
  readonly ifd: number | null;
  readonly first: { readonly c: number; readonly z: number; readonly t: number };
  readonly count: number | null;
  /** UUID of the file that holds them; null: this one. */
  readonly uuid: string | null;
}

/** The first Image of an OME-XML document (OME data model 2016-06). */
export interface OmeMetadata {
  readonly uuid: string | null;
  readonly sizeX: number;
  readonly sizeY: number;
  readonly sizeC: number;
  readonly sizeZ: number;
  readonly sizeT: number;
  readonly dimensionOrder: DimensionOrder;
  readonly channels: readonly OmeChannel[];
  readonly pixelSize: PixelSize | null;
  readonly tiffData: readonly TiffData[];
  readonly warnings: readonly string[];
}

/** Whether an ImageDescription is OME-XML. */
export function looksLikeOme(text: string): boolean {
  return /^\uFEFF?\s*<(\?xml|!--|!DOCTYPE|(\w+:)?OME[\s>])/.test(text) && /<(\w+:)?OME[\s>]/.test(text);
}

/** Parse OME-XML. SOURCE_UNREADABLE where it is no well-formed XML or its sizes cannot be. */
export function parseOme(xml: string): OmeMetadata {
  let images = 0;
  const channels: OmeChannel[] = [];
  const tiffData: TiffData[] = [];
  let root: Attributes = {};
  let pixels: Attributes | null = null;
  const first = () => images === 1;
  readXml(xml, {
    // By their whole path: annotations may hold elements of any name.
    open(path, attributes) {
      if (path === "OME") root = attributes;
      else if (path === "OME/Image") images++;
      else if (path === "OME/Image/Pixels" && first()) pixels ??= attributes;
      else if (path === "OME/Image/Pixels/Channel" && first()) channels.push(channelOf(attributes));
      else if (path === "OME/Image/Pixels/TiffData" && first()) tiffData.push(tiffDataOf(attributes));
    },
    close(path, text) {
      const last = tiffData.length - 1;
      const open = tiffData[last];
      if (path === "OME/Image/Pixels/TiffData/UUID" && first() && open)
        tiffData[last] = { ...open, uuid: uuidOf(text) };
    },
  });
  if (!pixels) throw unreadable("its OME-XML describes no pixels");
  return complete(pixels, uuidOf(root.UUID ?? ""), channels, tiffData, images);
}

/** UUIDs are equal in either case (RFC 4122). */
function uuidOf(text: string): string | null {
  return text.trim().toLowerCase() || null;
}

function complete(
  pixels: Attributes,
  uuid: string | null,
  channels: readonly OmeChannel[],
  tiffData: readonly TiffData[],
  images: number,
): OmeMetadata {
  const size = (name: string) => {
    const value = finiteNumber(pixels[name]);
    if (value !== null && Number.isInteger(value) && value >= 1 && value <= 2 ** 31) return value;
    throw unreadable(`its OME-XML gives no whole ${name}`);
  };
  const [sizeC, sizeZ, sizeT] = [size("SizeC"), size("SizeZ"), size("SizeT")];
  if (sizeC * sizeZ * sizeT > MAX_PLANES)
    throw unreadable(`its OME-XML tells of ${sizeC * sizeZ * sizeT} planes, where ${MAX_PLANES} are the most`);
  const dimensionOrder = ORDERS.find((order) => order === pixels.DimensionOrder);
  if (!dimensionOrder) throw unreadable("its OME-XML gives no order of dimensions");
  const described = channels.reduce((sum, one) => sum + one.samplesPerPixel, 0);
  return {
    ...{ uuid, sizeC, sizeZ, sizeT, dimensionOrder, tiffData },
    sizeX: size("SizeX"),
    sizeY: size("SizeY"),
    channels: described === sizeC ? channels : [],
    pixelSize: pixelSizeOf(pixels),
    warnings: [
      ...(described === sizeC || channels.length === 0
        ? []
        : [`Its OME-XML has ${sizeC} channels but describes ${described}: the descriptions are left out.`]),
      ...(images > 1 ? [`It holds ${images} images; the first is shown.`] : []),
    ],
  };
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

/** Color is a signed 32-bit RGBA; alpha says nothing of how a channel is shown. */
function colourOf(rgba: number | null): string | null {
  // Some writers take the integer as unsigned.
  if (rgba === null || !Number.isInteger(rgba) || rgba < -(2 ** 31) || rgba >= 2 ** 32) return null;
  return `#${((rgba >>> 8) & 0xffffff).toString(16).padStart(6, "0")}`;
}

function pixelSizeOf(pixels: Attributes): PixelSize | null {
  const [x, y] = [finiteNumber(pixels.PhysicalSizeX), finiteNumber(pixels.PhysicalSizeY)];
  if (x === null || y === null || !(x > 0 && y > 0)) return null;
  const unit = canonicalUnit(pixels.PhysicalSizeXUnit ?? "µm");
  // Sides in two units would need a conversion between any two of thirty: they are left out.
  return unit === canonicalUnit(pixels.PhysicalSizeYUnit ?? "µm") ? { x, y, unit } : null;
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
    uuid: null,
  };
}

/**
 * The directory of each plane, at (t · sizeZ + z) · columns + column; null: not in this file. Planes follow each other in
 * DimensionOrder from where a TiffData element begins (OME-TIFF specification). A column is a directory's worth of channels.
 */
export function planeIfds(ome: OmeMetadata, ifdCount: number): readonly (number | null)[] {
  const { sizeC, sizeZ, sizeT, channels, dimensionOrder } = ome;
  const columns = channels.length > 0 ? channels.length : columnsWithoutChannels(sizeC, sizeZ * sizeT, ifdCount);
  const total = columns * sizeZ * sizeT;
  const sizes = { C: columns, Z: sizeZ, T: sizeT };
  const [a, b, c] = [...dimensionOrder.slice(2)] as ["C" | "Z" | "T", "C" | "Z" | "T", "C" | "Z" | "T"];
  const rank = (at: Record<"C" | "Z" | "T", number>) => at[a] + sizes[a] * (at[b] + sizes[b] * at[c]);
  const slotOfRank = (position: number) => {
    const at = { C: 0, Z: 0, T: 0 };
    at[a] = position % sizes[a];
    at[b] = Math.floor(position / sizes[a]) % sizes[b];
    at[c] = Math.floor(position / (sizes[a] * sizes[b]));
    return (at.T * sizeZ + at.Z) * columns + at.C;
  };
  const planes = new Array<number | null>(total).fill(null);
  const own = (uuid: string | null) => uuid === null || uuid === ome.uuid;
  const elements: readonly TiffData[] =
    ome.tiffData.length > 0 ? ome.tiffData : [{ ifd: null, first: { c: 0, z: 0, t: 0 }, count: null, uuid: null }];
  let assigned = 0;
  for (const { ifd, first, count, uuid } of elements) {
    // Begun outside the sizes it names no plane; its rank would be another plane's.
    if (!own(uuid) || first.c >= columns || first.z >= sizeZ || first.t >= sizeT) continue;
    // Without IFD and PlaneCount all directories are meant; an IFD alone means one plane.
    const planesNamed = count ?? (ifd === null ? ifdCount : 1);
    const start = rank({ C: first.c, Z: first.z, T: first.t });
    for (let index = 0; index < planesNamed && start + index < total; index++) {
      const directory = (ifd ?? 0) + index;
      if (directory >= ifdCount) break;
      if (++assigned > total) throw unreadable("its OME-XML gives planes more than one directory");
      planes[slotOfRank(start + index)] = directory;
    }
  }
  return planes;
}

/** Channels that are not described lie in a directory each, or together in one where there are too few directories. */
function columnsWithoutChannels(sizeC: number, perChannel: number, ifdCount: number): number {
  return sizeC * perChannel <= ifdCount ? sizeC : 1;
}
