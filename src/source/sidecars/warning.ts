import { BandloomError } from "../../core/errors.ts";
import { isSourceChanged } from "../identity.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import type { SidecarKind } from "./names.ts";

interface Words {
  readonly what: string;
  /** What follows for the image. */
  readonly effect: string;
  readonly remedy: string;
}

const WORDS: Readonly<Record<SidecarKind, Words>> = {
  mask: {
    what: "A mask lies in a file beside it (.msk)",
    effect: "nothing is transparent by it",
    remedy: "Put it into the file: gdal_translate --config GDAL_TIFF_INTERNAL_MASK YES.",
  },
  maskOverviews: {
    what: "Overviews of its mask lie in a file beside it (.msk.ovr)",
    effect: "coarse levels are computed",
    remedy: "Write them anew: gdaladdo -ro.",
  },
  overviews: {
    what: "Its overviews lie in a file beside it (.ovr)",
    effect: "coarse levels are computed",
    remedy: "Write them anew with gdaladdo -ro, or put all into one file: gdal_translate -of COG, or bandloom ingest.",
  },
  metadata: {
    what: "Metadata lie in a file beside it (.aux.xml)",
    effect: "names, no-data values, classes and a place in it are left out",
    remedy: "Write it anew, or put them into the file: gdal_translate.",
  },
  world: {
    what: "A world file lies beside it",
    effect: "the place that it tells is left out",
    remedy: "It has six numbers, a line each. Write it anew, or put the place into the file: gdal_translate -a_ullr.",
  },
  projection: {
    what: "A reference system lies in a file beside it (.prj)",
    effect: "its bounds in degrees are not known",
    remedy: "Name the system in the file: gdal_edit.py -a_srs.",
  },
  classTable: {
    what: "A table of classes lies in a file beside it (.vat.dbf)",
    effect: "its names are left out",
    remedy: "Name its values in the formula: classes().",
  },
  imagine: {
    what: "A file of ERDAS Imagine lies beside it (.aux, .rrd)",
    effect: "metadata and overviews in it are left out",
    remedy: "Put all into one file: gdal_translate -of COG.",
  },
  moreOverviews: {
    what: "Overviews of its overviews lie in a file beside it (.ovr.ovr)",
    effect: "those levels are computed",
    remedy: "Write all levels into one file: gdaladdo -ro.",
  },
  mapInfo: {
    what: "A table of MapInfo lies beside it (.tab)",
    effect: "the place that it tells is left out",
    remedy: "Put the place into the file: gdal_translate.",
  },
  camera: {
    what: "A model of its camera lies beside it (.rpb, _rpc.txt)",
    effect: "the place that it tells is left out",
    remedy: "Warp it to a grid: gdalwarp -rpc.",
  },
};

/** Tells that a file beside an image is not read, why, and what to do. `reason` completes "…, which is not read: ". */
export function sidecarNotRead(kind: SidecarKind, reason: string | null): ImageWarning {
  const { what, effect, remedy } = WORDS[kind];
  const because = reason === null ? "" : `${reason}; `;
  return imageWarning("SIDECAR_NOT_READ", `${what}, which is not read: ${because}${effect}. ${remedy}`);
}

export const POINTS_NOT_USED = imageWarning(
  "PLACE_NOT_KNOWN",
  "Metadata beside it tell its place by ground control points, which are not used. Warp it to a grid: gdalwarp.",
);

/** Failures of a file itself, and of a server that holds it: the image is shown without it. Rethrows all others. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof BandloomError) || !TOLD.includes(error.code) || isSourceChanged(error)) throw error;
  return error.message.replace(/^The image file cannot be read: /, "").replace(/\.( .*)?$/s, "");
}

const TOLD: readonly string[] = ["SOURCE_UNREADABLE", "SOURCE_FAILED", "SOURCE_TIMEOUT", "NOT_FOUND", "LIMIT_EXCEEDED"];
