import type { PlaneType } from "../../core/dtype.ts";
import type { Size } from "../../core/geometry.ts";
import type { PixelSize } from "../types.ts";
import { attributes } from "./write-xml.ts";

export interface OmeChannel {
  readonly name: string;
  readonly wavelengthNm: number | null;
  /** `#rrggbb`. */
  readonly color: string | null;
}

export interface OmeImage extends Size {
  readonly name: string;
  readonly type: PlaneType;
  /** For every z and t, in this order. */
  readonly channels: readonly OmeChannel[];
  /** A directory holds all channels of its z and t; else each has its own. */
  readonly together?: boolean;
  /** Planes along z and t. */
  readonly depth: number;
  readonly times: number;
  readonly pixelSize: PixelSize | null;
}

const NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06";

const PIXEL_TYPE: Readonly<Partial<Record<PlaneType, string>>> = { float32: "float", float64: "double" };

/**
 * OME-XML (schema 2016-06) of a file whose directory (t · depth + z) · channels + c is that plane, or whose directory t · depth + z is all
 * channels together: the ImageDescription of its first directory.
 */
export function omeXml(image: OmeImage): string {
  const { width, height, channels, depth, times, pixelSize, together = false } = image;
  const columns = together ? 1 : channels.length;
  const pixels = attributes({
    ID: "Pixels:0",
    DimensionOrder: "XYCZT",
    Type: PIXEL_TYPE[image.type] ?? image.type,
    BigEndian: "false",
    SizeX: width,
    SizeY: height,
    SizeC: channels.length,
    SizeZ: depth,
    SizeT: times,
    ...(pixelSize && {
      PhysicalSizeX: pixelSize.x,
      PhysicalSizeXUnit: pixelSize.unit,
      PhysicalSizeY: pixelSize.y,
      PhysicalSizeYUnit: pixelSize.unit,
    }),
  });
  const planes = Array.from({ length: columns * depth * times }, (_, plane) => {
    const [c, stack] = [plane % columns, Math.floor(plane / columns)];
    const [z, t] = [stack % depth, Math.floor(stack / depth)];
    return `<TiffData${attributes({ IFD: plane, FirstC: c, FirstZ: z, FirstT: t, PlaneCount: 1 })}/>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<OME xmlns="${NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="${NAMESPACE} ${NAMESPACE}/ome.xsd">`,
    `<Image${attributes({ ID: "Image:0", Name: image.name })}>`,
    `<Pixels${pixels}>`,
    ...(together ? [samplesXml(channels.length)] : channels.map(channelXml)),
    ...planes,
    "</Pixels>",
    "</Image>",
    "</OME>",
  ].join("");
}

/** Names of samples stand in GDAL's tag: OME-XML has one name for all of them. */
function samplesXml(samples: number): string {
  return `<Channel${attributes({ ID: "Channel:0:0", SamplesPerPixel: samples })}/>`;
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
