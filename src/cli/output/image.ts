import type { ChannelInfo, ImageInfo } from "../../source/index.ts";
import { formatSize, printable } from "./format.ts";
import { formatTable } from "./table.ts";

/** Description of an image for people. */
export function formatImage(file: string, info: ImageInfo): string {
  const parts = [
    printable(file),
    formatTable(["", ""], factsOf(info)).slice(1),
    formatChannels(info),
    formatLevels(info),
  ];
  const warnings = info.warnings.map((warning) => `  ! ${printable(warning)}`).join("\n");
  return `${[...parts, warnings].filter((part) => part !== "").join("\n\n")}\n`;
}

function factsOf({ format, width, height, depth, times, pixelSize, channels }: ImageInfo): string[][] {
  const types = [...new Set(channels.map(({ dataType }) => dataType))].join(", ");
  return [
    ["format", format],
    ["size", `${formatSize(width, height)} pixels`],
    ["channels", `${channels.length} of ${types}`],
    ...(depth * times > 1 ? [["planes", `${depth} along z, ${times} along t`]] : []),
    ...(pixelSize ? [["pixel", `${short(pixelSize.x)} × ${short(pixelSize.y)} ${printable(pixelSize.unit)}`]] : []),
  ];
}

function formatChannels({ channels }: ImageInfo): string {
  const heading = ["", "channel", "type", "wavelength", "colour", "no data", "window", "unit", "scale"];
  return formatTable(heading, channels.map(channelRow));
}

function channelRow(channel: ChannelInfo): readonly string[] {
  const { index, name, dataType, wavelengthNm, color, nodata, window, unit, scale, offset } = channel;
  return [
    `${index + 1}`,
    printable(name),
    dataType,
    wavelengthNm === null ? "" : `${short(wavelengthNm)} nm`,
    color ?? "",
    nodata === null ? "" : String(nodata),
    window ? `${short(window[0])} … ${short(window[1])}` : "",
    unit === null ? "" : printable(unit),
    scale === 1 && offset === 0 ? "" : `× ${short(scale)} + ${short(offset)}`,
  ];
}

function formatLevels({ levels }: ImageInfo): string {
  const rows = levels.map(({ width, height, chunkWidth, chunkHeight, codec }, index) => [
    `${index}`,
    formatSize(width, height),
    formatSize(chunkWidth, chunkHeight),
    codec,
  ]);
  return formatTable(["level", "size", "chunks", "codec"], rows);
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
