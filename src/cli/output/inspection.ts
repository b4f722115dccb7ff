import type { ChannelInfo } from "../../source/index.ts";
import type { Inspection } from "../inspection.ts";
import { formatSize, printable } from "./format.ts";
import { formatTable } from "./table.ts";

const MAX_DESCRIPTION = 200;

/** What is known of a source, for people. */
export function formatInspection(image: Inspection): string {
  const parts = [
    printable(image.source),
    formatTable(["", ""], factsOf(image)).slice(1),
    formatChannels(image),
    formatLevels(image),
    image.warnings.map(({ message }) => `  ! ${printable(message)}`).join("\n"),
    formatAdvice(image),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function factsOf(image: Inspection): string[][] {
  const { format, name, description, width, height, channels, depth, times, pixelSize, seriesCount } = image;
  const types = [...new Set(channels.map(({ dataType }) => dataType))].join(", ");
  return [
    ["format", printable(format)],
    ...(name === null ? [] : [["name", printable(name)]]),
    ...(description === null ? [] : [["description", shortened(printable(description))]]),
    ["size", `${formatSize(width, height)} pixels`],
    ["channels", `${channels.length} of ${types}`],
    ...(depth * times > 1 ? [["planes", `${depth} along z, ${times} along t`]] : []),
    ...(pixelSize ? [["pixel", `${short(pixelSize.x)} × ${short(pixelSize.y)} ${printable(pixelSize.unit)}`]] : []),
    ...(seriesCount > 1 ? [["images", `${seriesCount} in it, #0 to #${seriesCount - 1} behind its name`]] : []),
    ...placeOf(image),
    ["revision", image.revision],
  ];
}

function placeOf({ georeference }: Inspection): string[][] {
  if (!georeference) return [];
  const { crs, crsName, extent, geographicBounds } = georeference;
  const system = [crs, crsName && printable(crsName)].filter(Boolean).join(", ") || "of no known reference system";
  const { minX, minY, maxX, maxY } = extent;
  const rows = [
    ["place", system],
    ["extent", `x ${short(minX, 9)} to ${short(maxX, 9)}, y ${short(minY, 9)} to ${short(maxY, 9)}`],
  ];
  if (!geographicBounds) return rows;
  const { west, south, east, north } = geographicBounds;
  const longitudes = `${degrees(west, "E", "W")} to ${degrees(east, "E", "W")}`;
  return [...rows, ["bounds", `${longitudes}, ${degrees(south, "N", "S")} to ${degrees(north, "N", "S")}`]];
}

function formatChannels({ channels }: Inspection): string {
  const heading = ["", "channel", "type", "wavelength", "colour", "no data", "window", "unit", "scale", "shown"];
  return formatTable(heading, channels.map(channelRow));
}

function channelRow(channel: ChannelInfo): readonly string[] {
  const { index, name, dataType, wavelengthNm, color, nodata, window, unit, scale, offset, active, masked, derived } =
    channel;
  return [
    `${index + 1}`,
    derived ? `${printable(name)} (made)` : printable(name),
    dataType,
    wavelengthNm === null ? "" : `${short(wavelengthNm)} nm`,
    color ?? "",
    masked ? "mask" : nodata === null ? "" : String(nodata),
    window ? `${short(window[0])} … ${short(window[1])}` : "",
    unit === null ? "" : printable(unit),
    scale === 1 && offset === 0 ? "" : `× ${short(scale)} + ${short(offset)}`,
    active === null ? "" : active ? "yes" : "no",
  ];
}

/** Served levels, and those of the file that are none of them. */
function formatLevels({ levels, pyramid }: Inspection): string {
  const stored = (index: number | null): readonly string[] => {
    const level = index === null ? undefined : levels[index];
    if (!level) return ["", "computed"];
    return [formatSize(level.chunkWidth, level.chunkHeight), printable(level.codec)];
  };
  const rows = pyramid.map(({ level, zoom, width, height, stored: index }) => [
    ...[`${level}`, `${zoom}`, formatSize(width, height)],
    ...stored(index),
  ]);
  const used = new Set(pyramid.map(({ stored: index }) => index));
  const unused = levels.flatMap(({ width, height }, index) =>
    used.has(index) ? [] : [["", "", formatSize(width, height), ...stored(index), "not used"]],
  );
  return formatTable(["level", "zoom", "size", "chunks", "codec", ""], [...rows, ...unused]);
}

function formatAdvice({ advice, conversion }: Inspection): string {
  if (conversion === null) return "";
  const reasons = advice.map((one) => `  • ${printable(one)}`).join("\n");
  return `What would make it faster:\n${reasons}\n  → ${printable(conversion)}`;
}

function shortened(text: string): string {
  return text.length <= MAX_DESCRIPTION ? text : `${text.slice(0, MAX_DESCRIPTION)}…`;
}

function short(value: number, digits = 6): string {
  return String(Number(value.toPrecision(digits)));
}

function degrees(value: number, positive: string, negative: string): string {
  return `${Math.abs(value).toFixed(4)}° ${value < 0 ? negative : positive}`;
}
