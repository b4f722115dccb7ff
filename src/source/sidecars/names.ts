/** What a file beside an image may be (GDAL's documentation: masks, overviews, PAM, world files). */
export type SidecarKind = "mask" | "maskOverviews" | "overviews" | "metadata" | "world" | "projection" | UnreadKind;
/** What is not read: it is told that it is there. */
export type UnreadKind = "classTable" | "imagine" | "moreOverviews" | "mapInfo" | "camera";

/** Of the image's name: `scan.tif`, its stem `scan`, its ending `tif`. The first one that is there counts. */
const NAMES: Readonly<Record<SidecarKind, (name: string, stem: string, ending: string) => readonly string[]>> = {
  mask: (name) => [`${name}.msk`],
  maskOverviews: (name) => [`${name}.msk.ovr`],
  overviews: (name) => [`${name}.ovr`],
  metadata: (name) => [`${name}.aux.xml`],
  // `scan.tif` has `scan.tfw`, `scan.tifw` …
  world: (name, stem, ending) => [`${stem}.${ending.slice(0, 1)}${ending.slice(-1)}w`, `${stem}.wld`, `${name}w`],
  projection: (_, stem) => [`${stem}.prj`],
  classTable: (name) => [`${name}.vat.dbf`],
  imagine: (name, stem) => [`${stem}.aux`, `${name}.aux`, `${stem}.rrd`, `${name}.rrd`],
  moreOverviews: (name) => [`${name}.ovr.ovr`],
  mapInfo: (_, stem) => [`${stem}.tab`],
  camera: (_, stem) => [`${stem}.rpb`, `${stem}_rpc.txt`],
};
const KINDS = Object.keys(NAMES) as readonly SidecarKind[];

/** Endings of what may lie beside an image: enough to tell that a name is none. */
const SIDECAR = /(\.(msk|ovr|aux\.xml|wld|prj|vat\.dbf|aux|rrd|tab|rpb)|_rpc\.txt|w)$/i;

/** Names of one kind in their order, as GDAL writes them and with their own endings in capitals, as other systems do. */
export function sidecarNames(name: string, kind: SidecarKind): readonly string[] {
  const [stem, ending] = split(name);
  return NAMES[kind](name, stem, ending).flatMap((path) => [path, inCapitals(path, name, stem)]);
}

/** Names that are looked for behind a network, where each costs a request: the common ones. */
export function remoteNames(name: string, kind: SidecarKind): readonly string[] {
  const [stem, ending] = split(name);
  return NAMES[kind](name, stem, ending).filter((path) => path !== `${name}w`);
}

/** Whether a file is one that lies beside an image and belongs to it, by their paths in one folder. */
export function isSidecarOf(path: string, image: string): boolean {
  // Most of what is asked about belongs to another image, which its first characters tell.
  return (
    SIDECAR.test(path) &&
    path.startsWith(split(image)[0]) &&
    KINDS.some((kind) => sidecarNames(image, kind).includes(path))
  );
}

function split(name: string): readonly [stem: string, ending: string] {
  const [, stem = name, ending = ""] = /^(.*)\.([^./]*)$/s.exec(name) ?? [];
  return [stem, ending];
}

function inCapitals(path: string, name: string, stem: string): string {
  const kept = path.startsWith(name) ? name : stem;
  return kept + path.slice(kept.length).toUpperCase();
}
