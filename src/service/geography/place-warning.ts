import type { Georeference, ImageInfo } from "../../source/types.ts";
import { boundedWarnings, type ImageWarning, imageWarning } from "../../source/warnings.ts";
import { geographicBounds } from "./bounds.ts";
import { referenceSystem } from "./reference-system.ts";

/** Names come from files. */
const MAX_NAME = 80;

/** With a warning where the file names or spells out a reference system that gives no bounds in degrees; nothing is said twice. */
export async function withPlaceWarning(info: ImageInfo): Promise<ImageInfo> {
  const { georeference } = info;
  // Without a system its reader has said so.
  if (!georeference || (georeference.crs === null && !georeference.spelled)) return info;
  const isKnown = await geographicBounds(info);
  if (isKnown && !isOfUnknownDatum(georeference)) return info;
  const warning = isKnown ? DATUM_NOT_KNOWN : await warningOf(georeference);
  return { ...info, warnings: boundedWarnings([...info.warnings, warning]) };
}

/** Spelled out by an ellipsoid that is neither that of today's datums nor a sphere, without a shift to WGS 84. */
function isOfUnknownDatum({ crs, spelled }: Georeference): boolean {
  if (crs !== null || !spelled || spelled.base.includes("+towgs84=")) return false;
  const [, a, flattening] = /^\+a=(\S+) \+rf=(\S+)/.exec(spelled.base) ?? [];
  if (a === undefined || flattening === undefined) return false;
  const isGlobal = GLOBAL.radii.some((radius) => Math.abs(Number(a) - radius) <= GLOBAL.meters);
  return !isGlobal || Math.abs(Number(flattening) - GLOBAL.flattening) > GLOBAL.of;
}

/** Ellipsoids around the center of Earth: WGS 84 and what is near it, and that of Hughes, which grids of ice are counted on. */
const GLOBAL = { radii: [6_378_137, 6_378_273], meters: 5, flattening: 298.26, of: 0.03 } as const;
const DATUM_NOT_KNOWN = imageWarning(
  "DATUM_NOT_KNOWN",
  "Its reference system is spelled out without the shift of its datum to WGS 84: bounds in degrees may be hundreds of meters off. Name a system with a code: gdal_edit.py -a_srs.",
);

async function warningOf(georeference: Georeference): Promise<ImageWarning> {
  if (await referenceSystem(georeference))
    return imageWarning(
      "PLACE_NOT_KNOWN",
      "It reaches beyond what its reference system can show, so its bounds in degrees are not known. Cut it, or warp it to another system: gdalwarp -t_srs.",
    );
  const name = georeference.crs ?? georeference.crsName ?? "spelled out in the file";
  return imageWarning(
    "CRS_NOT_KNOWN",
    `Its reference system (${name.slice(0, MAX_NAME)}) is none of the registry, of another body, or has a projection that is not known here: its bounds in degrees are not known. On Earth, warp it to another one: gdalwarp -t_srs.`,
  );
}
