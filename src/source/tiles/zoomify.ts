import { finiteNumber, readXml } from "../tiff/metadata/xml.ts";
import { unreadable } from "../unreadable.ts";
import { isSide, isTileSide, type TileLevel, type TilePyramid } from "./pyramid.ts";

const TILES_OF_A_GROUP = 256;

/** `ImageProperties.xml` (Zoomify): tier 0 is one tile; tiles are numbered through all tiers, 256 to a folder. */
export function readZoomify(text: string): TilePyramid {
  let properties: Readonly<Record<string, string>> = {};
  readXml(text, {
    open(path, attributes) {
      if (path === "IMAGE_PROPERTIES") properties = attributes;
    },
    close() {},
  });
  const number = (key: string) => finiteNumber(properties[key]);
  const [width, height, tile] = [number("WIDTH"), number("HEIGHT"), number("TILESIZE") ?? 256];
  if (!isSide(width) || !isSide(height))
    throw unreadable("its Zoomify properties tell no sides from 1 to 16777216 pixels");
  if (!isTileSide(tile)) throw unreadable("its Zoomify properties tell no tile size from 16 to 2048 pixels");
  const tiers: { width: number; height: number; columns: number; rows: number }[] = [];
  for (let level = 0; ; level++) {
    const [w, h] = [Math.ceil(width / 2 ** level), Math.ceil(height / 2 ** level)];
    const [columns, rows] = [Math.ceil(w / tile), Math.ceil(h / tile)];
    tiers.push({ width: w, height: h, columns, rows });
    if (columns * rows === 1) break;
  }
  const levels = tiers.map((tier, level): TileLevel => {
    const before = tiers.slice(level + 1).reduce((sum, { columns, rows }) => sum + columns * rows, 0);
    const number = tiers.length - 1 - level;
    return {
      ...{ width: tier.width, height: tier.height },
      paths: (x, y) => {
        const group = Math.floor((before + y * tier.columns + x) / TILES_OF_A_GROUP);
        return ["jpg", "png", "webp"].map((ending) => `TileGroup${group}/${number}-${x}-${y}.${ending}`);
      },
    };
  });
  return {
    ...{ format: "Zoomify", tileWidth: tile, tileHeight: tile, overlap: 0, fullEdges: false, sparse: false },
    ...{ levels },
  };
}
