import type { Size } from "../../core/geometry.ts";
import type { PixelSize } from "../types.ts";

export interface OmeChannel {
  readonly name: string;
  readonly wavelengthNm: number | null;
  /** `#rrggbb`. */
  readonly color: string | null;
}

export interface OmeImage extends Size {
  readonly name: string;
  readonly type: "uint8" | "uint16";
  /** One directory of the file each, in this order. */
  readonly channels: readonly OmeChannel[];
  readonly pixelSize: PixelSize | null;
}

const NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06";

/** OME-XML (schema 2016-06) of a file whose directory i is channel i: the ImageDescription of its first directory. */
export function omeXml(image: OmeImage): string {
  const { width, height, channels, pixelSize } = image;
  const pixels = attributes({
    ID: "Pixels:0",
    DimensionOrder: "XYCZT",
    Type: image.type,
    BigEndian: "false",
    SizeX: width,
    SizeY: height,
    SizeC: channels.length,
    SizeZ: 1,
    SizeT: 1,
    ...(pixelSize && {
      PhysicalSizeX: pixelSize.x,
      PhysicalSizeXUnit: pixelSize.unit,
      PhysicalSizeY: pixelSize.y,
      PhysicalSizeYUnit: pixelSize.unit,
    }),
  });
  const planes = channels.map((_, index) => `<TiffData${attributes({ IFD: index, FirstC: index, PlaneCount: 1 })}/>`);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<OME xmlns="${NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="${NAMESPACE} ${NAMESPACE}/ome.xsd">`,
    `<Image${attributes({ ID: "Image:0", Name: image.name })}>`,
    `<Pixels${pixels}>`,
    ...channels.map(channelXml),
    ...planes,
    "</Pixels>",
    "</Image>",
    "</OME>",
  ].join("");
}

function channelXml(channel: OmeChannel, index: number): string {
  const { name, wavelengthNm, color } = channel;
  return `<Channel${attributes({
    ID: `Channel:0:${index}`,
    Name: name,
    SamplesPerPixel: 1,
    ...(wavelengthNm !== null && { EmissionWavelength: wavelengthNm, EmissionWavelengthUnit: "nm" }),
    ...(color !== null && { Color: omeColor(color) }),
  })}/>`;
}

/** OME writes RGBA as one signed 32-bit integer. */
function omeColor(color: string): number {
  return (Number.parseInt(color.slice(1), 16) << 8) | 0xff;
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join("");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
