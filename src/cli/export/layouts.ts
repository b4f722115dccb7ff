import { levelSize, type Region, type Size, tileGrid, tileRegion } from "../../core/geometry.ts";
import { type TilePlace, type TileWalk, walkTiles } from "../../plan/index.ts";
import type { ServedImage } from "../../service/index.ts";

/** A file of an export that is one tile of a level of the image. */
export interface TileFile extends TilePlace {
  /** From the folder of the export. */
  readonly path: string;
}

/** A file of an export that is a part of the whole image, smaller than its coarsest level. */
export interface SmallFile {
  readonly path: string;
  /** Of the whole image. */
  readonly size: Size;
  readonly part: Region;
}

export interface Layout {
  readonly walk: TileWalk;
  fileOf(place: TilePlace): TileFile;
  readonly small: readonly SmallFile[];
}

interface Options {
  readonly tileSize: number;
  readonly extension: string;
}

/** `{z}/{x}/{y}.jpg`, z from 0, the coarsest. */
export function xyzLayout(image: ServedImage, { tileSize, extension }: Options): Layout {
  const place = (level: number, x: number, y: number) => `${image.levels - 1 - level}/${x}/${y}.${extension}`;
  return layout(image, tileSize, place, []);
}

/** `{folder}/{level}/{x}_{y}.jpg`: levels by powers of two from a single pixel up, as Deep Zoom counts them. */
export function deepZoomLayout(image: ServedImage, folder: string, { tileSize, extension }: Options): Layout {
  const { info, levels } = image;
  const last = Math.ceil(Math.log2(Math.max(info.width, info.height, 1)));
  const place = (level: number, x: number, y: number) => `${folder}/${last - level}/${x}_${y}.${extension}`;
  const small = Array.from({ length: Math.max(0, last - levels + 1) }, (_, level) => {
    const size = levelSize(info, last - level);
    const { columns, rows } = tileGrid(size, tileSize);
    return Array.from({ length: columns * rows }, (__, index): SmallFile => {
      const [x, y] = [index % columns, Math.floor(index / columns)];
      return { path: place(last - level, x, y), size, part: tileRegion(size, tileSize, x, y) };
    });
  }).flat();
  return layout(image, tileSize, place, small);
}

/** The document of a Deep Zoom image. */
export function deepZoomDocument({ width, height }: Size, { tileSize, extension }: Options): string {
  const attributes = `TileSize="${tileSize}" Overlap="0" Format="${extension}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" ${attributes}><Size Width="${width}" Height="${height}"/></Image>
`;
}

function layout(
  { info }: ServedImage,
  tileSize: number,
  place: (level: number, x: number, y: number) => string,
  small: readonly SmallFile[],
): Layout {
  const fileOf = ({ level, x, y }: TilePlace) => ({ path: place(level, x, y), level, x, y });
  return { walk: walkTiles(info, { tileSize }), fileOf, small };
}
