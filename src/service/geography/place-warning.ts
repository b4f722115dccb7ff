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
  if (await geographicBounds(info)) return info;
  return { ...info, warnings: boundedWarnings([...info.warnings, await warningOf(georeference)]) };
}

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
