import { finiteNumber, readXml } from "../tiff/metadata/xml.ts";
import { unreadable } from "../unreadable.ts";
import { isSide, isTileSide, type TilePyramid } from "./pyramid.ts";

/** A neighbour's share of a tile: more is no overlap. */
const MAX_OVERLAP = 64;
const FORMATS: readonly string[] = ["jpg", "jpeg", "png", "webp"];

/** `name.dzi` (Deep Zoom, schema 2008 and 2009): level 0 is one pixel, each level twice the one before. */
export function readDeepZoom(text: string, name: string): TilePyramid {
  const image = new Map<string, string>();
  readXml(text, {
    open(path, attributes) {
      if (path === "Image" || path === "Image/Size")
        for (const [key, value] of Object.entries(attributes)) image.set(key, value);
    },
    close() {},
  });
  const number = (key: string) => finiteNumber(image.get(key));
  const [width, height, tile, overlap] = [
    number("Width"),
    number("Height"),
    number("TileSize"),
    number("Overlap") ?? 0,
  ];
  const format = image.get("Format")?.toLowerCase() ?? "";
  if (!isSide(width) || !isSide(height))
    throw unreadable("its Deep Zoom descriptor tells no sides from 1 to 16777216 pixels");
  if (!isTileSide(tile)) throw unreadable("its Deep Zoom descriptor tells no tile size from 16 to 2048 pixels");
  if (!Number.isInteger(overlap) || overlap < 0 || overlap > Math.min(MAX_OVERLAP, tile / 2))
    throw unreadable("its Deep Zoom descriptor tells an overlap that its tiles cannot have");
  if (!FORMATS.includes(format)) throw unreadable("its Deep Zoom tiles are none of JPEG, PNG and WebP");
  const folder = `${name.replace(/\.(dzi|xml)$/i, "")}_files`;
  const finest = Math.ceil(Math.log2(Math.max(width, height)));
  return {
    ...{
      format: "Deep Zoom",
      tileWidth: tile,
      tileHeight: tile,
      overlap,
      fullEdges: false,
      sparse: false,
    },
    levels: Array.from({ length: finest + 1 }, (_, level) => ({
      width: Math.ceil(width / 2 ** level),
      height: Math.ceil(height / 2 ** level),
      paths: (x, y) => [`${folder}/${finest - level}/${x}_${y}.${format}`],
    })),
  };
}
