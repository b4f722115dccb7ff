import { type System, unitOf } from "../tiff/metadata/geo-system.ts";
import type { Ground } from "../types.ts";
import { child, nameOf, numberOf, parseWkt, type WktNode } from "./wkt-parse.ts";
import { spelledOfWkt } from "./wkt-spelled.ts";

const GEOGRAPHIC = ["GEOGCS", "GEOGCRS", "GEODCRS", "GEODETICCRS", "GEOGRAPHICCRS"];
const PROJECTED = ["PROJCS", "PROJCRS", "PROJECTEDCRS"];
/** Systems that wrap another one: with heights, or with a shift to WGS 84. */
const WRAPPERS = ["COMPD_CS", "COMPOUNDCRS", "BOUNDCRS", "SOURCECRS"];
/** Of WGS 84, meters: where the text names no ellipsoid. */
const EARTH = 6_378_137;

/**
 * The reference system of a text of WKT 1 (GDAL's, Esri's) or WKT 2: its EPSG code where it names one, else what it spells out. SOURCE_UNREADABLE
 * for what is no WKT.
 */
export function systemOfWkt(text: string): System {
  const node = horizontal(parseWkt(text));
  const isGeographic = GEOGRAPHIC.includes(node.keyword);
  const ground = groundOf(node, isGeographic);
  const crs = codeOf(node);
  const spelled = crs === null ? spelledOfWkt(node, isGeographic) : null;
  return {
    crs,
    crsName: nameOf(node) || null,
    ...(spelled ? { spelled } : {}),
    ...(ground ? { ground } : {}),
    unit: ground && unitOf(ground),
  };
}

function horizontal(node: WktNode): WktNode {
  if (!WRAPPERS.includes(node.keyword)) return node;
  const inner = child(node, "SOURCECRS", ...PROJECTED, ...GEOGRAPHIC, ...WRAPPERS);
  return inner ? horizontal(inner) : node;
}

/** `AUTHORITY["EPSG","4326"]`, `ID["EPSG",4326]`; the system of web maps by the names that Esri and GDAL give it. */
function codeOf(node: WktNode): string | null {
  const authority = child(node, "AUTHORITY", "ID");
  const code = Number(authority?.values[1]);
  if (/^EPSG$/i.test(nameOf(authority)) && Number.isInteger(code) && code > 0) return `EPSG:${code}`;
  const isWebMercator = /Mercator_Auxiliary_Sphere|WGS ?84 \/ Pseudo-Mercator/i.test(nameOf(node));
  return isWebMercator ? "EPSG:3857" : null;
}

function groundOf(node: WktNode, isGeographic: boolean): Ground | null {
  // In WKT 2 a unit may stand in each axis.
  const size = numberOf(unitNode(node) ?? unitNode(child(node, "AXIS")));
  if (size === null || !(size > 0)) return null;
  if (!isGeographic) return PROJECTED.includes(node.keyword) ? { meters: size, radians: null } : null;
  const ellipsoid = child(child(node, "DATUM", "ENSEMBLE", "TRF") ?? node, "SPHEROID", "ELLIPSOID");
  return { meters: size * (numberOf(ellipsoid) ?? EARTH), radians: size };
}

function unitNode(node: WktNode | null): WktNode | null {
  return node && child(node, "UNIT", "LENGTHUNIT", "ANGLEUNIT");
}
