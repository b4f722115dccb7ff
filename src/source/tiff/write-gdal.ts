import type { ChannelInfo } from "../types.ts";
import { ascii, type Fields, WRITE_TAG } from "./write-fields.ts";
import { attributes, escapeXml } from "./write-xml.ts";

/** GDAL's tags for the channels of one directory: nodata (all of them but alpha have the same), names, scales, units, wavelengths, windows. */
export function gdalFields(channels: readonly ChannelInfo[]): Fields {
  const fields: Fields = new Map();
  const items = channels.flatMap(itemsOf);
  if (items.length > 0)
    fields.set(WRITE_TAG.gdalMetadata, ascii(`<GDALMetadata>\n${items.join("\n")}\n</GDALMetadata>\n`));
  const nodata = channels.find(({ alpha }) => !alpha)?.nodata ?? null;
  if (nodata !== null) fields.set(WRITE_TAG.gdalNodata, ascii(Number.isNaN(nodata) ? "nan" : String(nodata)));
  return fields;
}

function itemsOf(channel: ChannelInfo, sample: number): string[] {
  const { index, name, scale, offset, unit, wavelengthNm, color, window, kind } = channel;
  const item = (kind: Readonly<Record<string, string>>, value: string | number) =>
    `  <Item${attributes({ ...kind, sample })}>${escapeXml(String(value))}</Item>`;
  const role = (name: string, role: string, value: string | number) => item({ name, role }, value);
  return [
    // A name that was made up is made up again.
    ...(name === `b${index + 1}` ? [] : [role("DESCRIPTION", "description", name)]),
    ...(scale !== 1 || offset !== 0 ? [role("OFFSET", "offset", offset), role("SCALE", "scale", scale)] : []),
    ...(unit === null ? [] : [role("UNITTYPE", "unittype", unit)]),
    ...(wavelengthNm === null
      ? []
      : [
          `  <Item${attributes({ name: "CENTRAL_WAVELENGTH_UM", sample, domain: "IMAGERY" })}>${wavelengthNm / 1000}</Item>`,
        ]),
    ...(kind === "categorical" ? [item({ name: "LAYER_TYPE" }, "thematic")] : []),
    ...(color === null ? [] : [item({ name: "COLOR" }, color)]),
    // A display window is no statistic of the pixels; GDAL takes statistics that are marked so for hints.
    ...(window === null
      ? []
      : [
          item({ name: "STATISTICS_APPROXIMATE" }, "YES"),
          item({ name: "STATISTICS_MAXIMUM" }, window[1]),
          item({ name: "STATISTICS_MINIMUM" }, window[0]),
        ]),
  ];
}
