import { ascii, double, type Fields, short, WRITE_TAG } from "./write-fields.ts";

/** A code that stands in the key itself; numbers and texts lie in tags of their own. */
export type GeoKeyValue = number | readonly number[] | string;
export type GeoKeyValues = Map<number, GeoKeyValue>;

const IN_PLACE = 0;

/** The directory of keys (GeoTIFF 1.1, OGC 19-008r4), by rising number as it wants them, and the tags that they point into. */
export function keyFields(values: ReadonlyMap<number, GeoKeyValue>): Fields {
  const doubles: number[] = [];
  let text = "";
  const keys = [...values].sort(([a], [b]) => a - b);
  const words = keys.flatMap(([key, value]) => {
    if (typeof value === "number") return [key, IN_PLACE, 1, value];
    if (typeof value === "string") {
      // A bar ends a text.
      const ended = `${value.replaceAll("|", " ")}|`;
      text += ended;
      return [key, WRITE_TAG.geoAscii, ended.length, text.length - ended.length];
    }
    doubles.push(...value);
    return [key, WRITE_TAG.geoDoubles, value.length, doubles.length - value.length];
  });
  const fields: Fields = new Map([[WRITE_TAG.geoKeyDirectory, short(1, 1, 0, keys.length, ...words)]]);
  if (doubles.length > 0) fields.set(WRITE_TAG.geoDoubles, double(...doubles));
  if (text !== "") fields.set(WRITE_TAG.geoAscii, ascii(text));
  return fields;
}
