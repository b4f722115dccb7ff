import type { Folder } from "./types.ts";
import { type ImageWarning, imageWarning } from "./warnings.ts";

/** A file by its name in its folder: what else belongs to it lies there. */
export interface Beside {
  readonly folder: Folder;
  readonly name: string;
}

interface Sidecar {
  /** Of the image's name: `scan.tif`, its stem `scan`, its ending `tif`. */
  readonly names: (name: string, stem: string, ending: string) => readonly string[];
  readonly message: string;
  /** Of no use where the file itself tells its place. */
  readonly places?: true;
}

/** What programs write beside an image (GDAL's PAM and world files, Esri's attribute tables). */
const SIDECARS: readonly Sidecar[] = [
  {
    names: (name) => [`${name}.msk`],
    message:
      "A mask lies in a file beside it (.msk), which is not read: nothing is transparent. Put it into the file: gdal_translate --config GDAL_TIFF_INTERNAL_MASK YES.",
  },
  {
    names: (name) => [`${name}.ovr`],
    message:
      "Its overviews lie in a file beside it (.ovr), which is not read: coarse levels are computed. Put them into one file: gdal_translate -of COG, or bandloom ingest.",
  },
  {
    names: (name) => [`${name}.aux.xml`],
    message:
      "Metadata lie in a file beside it (.aux.xml), which is not read: it may hold names, a no-data value, classes or its place. Put them into the file: gdal_translate.",
  },
  {
    names: (name) => [`${name}.vat.dbf`],
    message:
      "A table of classes lies in a file beside it (.vat.dbf), which is not read. Name its values in the formula: classes().",
  },
  {
    names: worldFiles,
    message:
      "A world file beside it tells its place, and is not read: it has no georeference. Put the place into the file: gdal_translate -a_srs.",
    places: true,
  },
];

/** `scan.tif` has `scan.tfw`, `scan.tifw`, `scan.tif.w` … */
function worldFiles(name: string, stem: string, ending: string): readonly string[] {
  const short = `${ending.slice(0, 1)}${ending.slice(-1)}w`;
  return [`${stem}.${short}`, `${name}w`, `${stem}.wld`];
}

/** Warns of files beside an image that are not read. Nothing where the folder cannot tell without a request. */
export function sidecarWarnings(beside: Beside | null, isPlaced: boolean): readonly ImageWarning[] {
  const { folder, name } = beside ?? { folder: null, name: "" };
  const has = (path: string) => folder?.has?.(path) ?? false;
  const [, stem = name, ending = ""] = /^(.*)\.([^.]*)$/s.exec(name) ?? [];
  return SIDECARS.flatMap(({ names, message, places }) => {
    const found = names(name, stem, ending).some((path) => has(path) || has(inCapitals(path, name, stem)));
    return found && !(places && isPlaced) ? [imageWarning("SIDECAR_NOT_READ", message)] : [];
  });
}

/** The same file with its own ending in capitals, as other systems write it. */
function inCapitals(path: string, name: string, stem: string): string {
  const kept = path.startsWith(name) ? name : stem;
  return kept + path.slice(kept.length).toUpperCase();
}
