import type { Size } from "../../core/geometry.ts";
import type { Georeference } from "../types.ts";
import { ascii, double, type Fields, short, WRITE_TAG } from "./write-fields.ts";

/** GeoTIFF 1.1 (OGC 19-008r4), annex: keys and the codes that we write. */
const KEY = { modelType: 1024, rasterType: 1025, citation: 1026, geographicType: 2048, projectedType: 3072 } as const;
const MODEL = { projected: 1, geographic: 2, userDefined: 32767 } as const;
const PIXEL_IS_AREA = 1;
/** A value that stands in the key itself lies in no other tag. */
const IN_PLACE = 0;

/** Tags that place the image: scale and tie point where rows run along parallels, a matrix otherwise. */
export function geoFields(georeference: Georeference, size: Size): Fields {
  const fields: Fields = new Map();
  const [a, b, c, d, e, f] = georeference.affine;
  if (b === 0 && d === 0 && a > 0 && e < 0) {
    fields.set(WRITE_TAG.modelPixelScale, double(a, -e, 0));
    fields.set(WRITE_TAG.modelTiepoint, double(0, 0, 0, c, f, 0));
  } else {
    fields.set(WRITE_TAG.modelTransformation, double(a, b, 0, c, d, e, 0, f, 0, 0, 0, 0, 0, 0, 0, 1));
  }
  const code = epsgCode(georeference.crs);
  const citation = georeference.crsName ? `${georeference.crsName.replaceAll("|", " ")}|` : null;
  const model = code === null ? MODEL.userDefined : isGeographic(code, georeference, size) ? 2 : 1;
  const keys = [
    [KEY.modelType, IN_PLACE, 1, model],
    [KEY.rasterType, IN_PLACE, 1, PIXEL_IS_AREA],
    ...(citation ? [[KEY.citation, WRITE_TAG.geoAscii, citation.length, 0]] : []),
    ...(code === null
      ? []
      : [[model === MODEL.geographic ? KEY.geographicType : KEY.projectedType, IN_PLACE, 1, code]]),
  ];
  fields.set(WRITE_TAG.geoKeyDirectory, short(1, 1, 0, keys.length, ...keys.flat()));
  if (citation) fields.set(WRITE_TAG.geoAscii, ascii(citation));
  return fields;
}

/** GeoTIFF keys hold EPSG codes of 16 bits. */
function epsgCode(crs: string | null): number | null {
  const code = Number(/^EPSG:(\d{4,5})$/i.exec(crs ?? "")?.[1] ?? Number.NaN);
  return code <= 32766 ? code : null;
}

/**
 * A code does not tell whether it is geographic. The EPSG registry numbers geographic systems from 4000 and, the newer ones, beyond 5000,
 * among others; corners that are all degrees tell the rest.
 */
function isGeographic(code: number, { affine: [a, b, c, d, e, f] }: Georeference, { width, height }: Size): boolean {
  if (code < 4000 || code > 10_999) return false;
  const corners = [
    [0, 0],
    [width, 0],
    [0, height],
    [width, height],
  ] as const;
  return corners.every(([x, y]) => Math.abs(a * x + b * y + c) <= 361 && Math.abs(d * x + e * y + f) <= 91);
}
