import { basename, resolve } from "node:path";
import { levelCount } from "../../core/geometry.ts";
import { createRenderer } from "../../render/index.ts";
import type { ImageInfo } from "../../source/index.ts";
import { EXIT } from "../exit.ts";
import { table } from "../table.ts";

/** Everything known of a file without reading its pixels. A worker reads it: a damaged file harms nothing else. */
export async function inspectCommand(file: string, json: boolean): Promise<number> {
  const renderer = createRenderer({ workers: 1 });
  try {
    const info = await renderer.describe({ key: basename(file), path: resolve(file) });
    process.stdout.write(json ? `${JSON.stringify(info, null, 2)}\n` : describe(file, info));
    return EXIT.done;
  } finally {
    await renderer.close();
  }
}

function describe(file: string, info: ImageInfo): string {
  const { format, width, height, depth, times, channels, levels, pixelSize, warnings } = info;
  const planes = [depth > 1 ? `${depth} in z` : "", times > 1 ? `${times} in t` : ""].filter(Boolean).join(", ");
  const facts = [
    ["format", format],
    ["size", `${width} × ${height} pixels`],
    ["channels", String(channels.length)],
    ...(planes ? [["planes", planes]] : []),
    ...(pixelSize ? [["pixel", `${round(pixelSize.x)} × ${round(pixelSize.y)} ${pixelSize.unit}`]] : []),
    ["levels", `${levelCount(info)} served, ${levels.length} stored`],
  ];
  const channelRows = channels.map((channel) => [
    `@${channel.index + 1}`,
    channel.name,
    channel.dataType,
    channel.wavelengthNm === null ? "" : `${round(channel.wavelengthNm)} nm`,
    channel.color ?? "",
    channel.nodata === null ? "" : String(channel.nodata),
    channel.window ? channel.window.map(round).join(" … ") : "",
  ]);
  const levelRows = levels.map((level, index) => [
    String(index),
    `${level.width} × ${level.height}`,
    `${level.chunkWidth} × ${level.chunkHeight}`,
    level.codec,
  ]);
  return [
    file,
    table(facts),
    "",
    table([["number", "name", "type", "wavelength", "colour", "nodata", "window"], ...channelRows]),
    "",
    table([["stored", "pixels", "chunk", "codec"], ...levelRows]),
    ...(warnings.length > 0 ? ["", ...warnings.map((warning) => `! ${warning}`)] : []),
    "",
  ].join("\n");
}

function round(value: number): string {
  return String(Number(value.toPrecision(6)));
}
