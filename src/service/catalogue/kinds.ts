/** Endings of image files that a key leaves out, the longer first. */
const FILE_ENDINGS = [
  ...[".ome.tiff", ".ome.tif", ".tiff", ".tif"],
  // TIFF too, as slide scanners and writers of large files call it.
  ...[".svs", ".ndpi", ".scn", ".bif", ".qptiff", ".ome.btf", ".ome.tf8", ".ome.tf2", ".btf", ".tf8", ".tf2"],
  ...[".lsm", ".stk", ".flex"],
  ...[".ome.zarr.zip", ".zarr.zip", ".ozx", ".dzi", ".channels.yaml", ".channels.yml"],
  ...[".jpeg", ".jpg", ".png", ".webp", ".avif", ".gif", ".jp2", ".j2k"],
  // Images that are not read: they are listed so that the reason is told.
  ...[".svg", ".heic", ".heif", ".czi", ".nd2", ".lif", ".oib", ".zvi", ".ims", ".mrxs", ".vsi", ".dcm"],
  ...[".fits", ".fit", ".fts", ".hdf5", ".h5", ".nc"],
] as const;

/** The same of folders that are images. */
const FOLDER_ENDINGS = [".ome.zarr", ".zarr"] as const;

export type Kind = "file" | "folder";

/** As people write them: all in lower or all in upper case. */
const ENDINGS: Readonly<Record<Kind, readonly string[]>> = {
  file: FILE_ENDINGS.flatMap((ending) => [ending, ending.toUpperCase()]),
  folder: FOLDER_ENDINGS.flatMap((ending) => [ending, ending.toUpperCase()]),
};

/** A folder that holds one of these is an image under its own name: OME-Zarr without its ending, Zoomify, IIIF, TMS. */
const MARKERS = ["zarr.json", ".zgroup", ".zattrs", "ImageProperties.xml", "info.json", "tilemapresource.xml"] as const;

/** Beside `x.dzi` the tiles lie in `x_files`. */
const DEEP_ZOOM_TILES = "_files";
const DEEP_ZOOM = ".dzi";

/** Tiles of a pyramid by `zoom/x/y.png`; a folder by year and month is none. */
const MAX_ZOOM = 30;
const TILE = /^\d+\.(png|jpe?g|webp)$/i;

const MAX_KEY_LENGTH = 1024;

/** Plain names joined by slashes: no name begins with a dot, and nothing stands for another folder or another drive. */
export function isKey(key: string): boolean {
  if (key.length > MAX_KEY_LENGTH || /[\p{Cc}\p{Cs}\\]/u.test(key)) return false;
  return key.split("/").every((part) => part !== "" && !part.startsWith("."));
}

/** A path without its ending, in lower or upper case; null for what is no image by its ending. */
export function stemOf(path: string, kind: Kind): string | null {
  const ending = ENDINGS[kind].find((one) => path.endsWith(one));
  if (!ending) return null;
  const stem = path.slice(0, -ending.length);
  return stem === "" || stem.endsWith("/") ? null : stem;
}

/** Every path that has this stem, by kind. `x.ome` + `.tif` is the file of stem `x`, and of no other. */
export function pathsOf(stem: string): readonly { readonly path: string; readonly kind: Kind }[] {
  return (["file", "folder"] as const).flatMap((kind) =>
    ENDINGS[kind].map((ending) => ({ path: stem + ending, kind })).filter(({ path }) => stemOf(path, kind) === stem),
  );
}

export function hasMarker(names: { has(name: string): boolean }): boolean {
  return MARKERS.some((name) => names.has(name));
}

export function isZoom(name: string): boolean {
  return isNumber(name) && Number(name) <= MAX_ZOOM;
}

export function isNumber(name: string): boolean {
  return /^(0|[1-9]\d{0,8})$/.test(name);
}

export function isTile(name: string): boolean {
  return TILE.test(name);
}

/** The description that the tiles in a folder belong to; null: they are no Deep Zoom tiles by their name. */
export function deepZoomOf(folder: string): string | null {
  return folder.endsWith(DEEP_ZOOM_TILES) ? folder.slice(0, -DEEP_ZOOM_TILES.length) + DEEP_ZOOM : null;
}
