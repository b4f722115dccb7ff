import { BandloomError } from "../../../core/errors.ts";
import { systemOfWkt } from "../../sidecars/wkt.ts";
import { type GeoKeys, KEY } from "./geo-keys.ts";
import type { System } from "./geo-system.ts";

/** Words before a text of WKT, in a citation. */
const BEFORE = "ESRI PE String = ";

/**
 * The system that a citation spells out in Esri's WKT: the way of GDAL and ArcGIS to write a projection that has no keys. Null: none does, or
 * the text is damaged.
 */
export function esriSystem(keys: GeoKeys): System | null {
  const citations = [KEY.projectedCitation, KEY.geographicCitation, KEY.citation].map((key) => keys.text(key));
  const text = citations.find((one) => one?.startsWith(BEFORE));
  if (!text) return null;
  try {
    return systemOfWkt(text.slice(BEFORE.length));
  } catch (error) {
    if (error instanceof BandloomError && error.code === "SOURCE_UNREADABLE") return null;
    throw error;
  }
}
