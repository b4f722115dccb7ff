import { finiteNumber, readXml } from "../tiff/metadata/xml.ts";
import type { Folder } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { isSide, isTileSide, MAX_TILE_BYTES, type TileLevel, type TilePyramid } from "./pyramid.ts";
import { widthOfTile } from "./tile.ts";

const MAX_ZOOM = 30;
/** Columns of tiles that are looked at for where the image begins and ends. */
const MAX_COLUMNS = 65_536;
const MAX_NAMES = 65_536;
/** Tiles of all of them: their names are listed. */
const MAX_TILES = 2 ** 22;
const TILE = /^(\d{1,10})\.(png|jpe?g|webp)$/i;

/** What a folder of `{z}/{x}/{y}` holds, rows counted from the top. */
interface Extent {
  readonly zooms: readonly number[];
  readonly ending: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** A tile of the finest zoom. */
  readonly sample: string;
}

/**
 * Tiles by `{z}/{x}/{y}`, as map servers have them; with TMS rows are counted from the bottom. The image is what the finest zoom has tiles of,
 * on the grid of the coarsest. SOURCE_UNREADABLE where the medium cannot list its files.
 */
export async function readXyz(folder: Folder, descriptor: string | null): Promise<TilePyramid> {
  const tms = descriptor === null ? null : readTileMap(descriptor);
  const extent = await extentOf(folder, tms !== null);
  const sample = await folder.get(extent.sample, MAX_TILE_BYTES);
  const size = tms?.tileSize ?? (sample && (await widthOfTile(sample.bytes)));
  if (!isTileSide(size)) throw unreadable("its tiles have no size from 16 to 2048 pixels");
  const finest = extent.zooms.at(-1) ?? 0;
  const coarsest = extent.zooms[0] ?? 0;
  const step = 2 ** (finest - coarsest);
  const [left, top] = [Math.floor(extent.left / step) * step, Math.floor(extent.top / step) * step];
  const [width, height] = [(extent.right + 1 - left) * size, (extent.bottom + 1 - top) * size];
  if (!isSide(width) || !isSide(height))
    throw unreadable(`its tiles make ${width} × ${height} pixels, where 16777216 a side are the most`);
  const levels = extent.zooms.toReversed().map((zoom): TileLevel => {
    const factor = 2 ** (finest - zoom);
    const rows = 2 ** zoom;
    return {
      width: Math.ceil(width / factor),
      height: Math.ceil(height / factor),
      paths(x, y) {
        const [column, row] = [left / factor + x, top / factor + y];
        return [`${zoom}/${column}/${tms ? rows - 1 - row : row}.${extent.ending}`];
      },
    };
  });
  return {
    ...{ format: tms ? "TMS tiles" : "XYZ tiles", tileWidth: size, tileHeight: size, overlap: 0 },
    ...{ fullEdges: true, sparse: true, levels },
  };
}

async function extentOf(folder: Folder, flipped: boolean): Promise<Extent> {
  const zooms = numbers(await list(folder, "")).filter((zoom) => zoom <= MAX_ZOOM);
  const run = contiguous(zooms);
  const finest = run.at(-1);
  if (finest === undefined) throw unreadable("its folder holds no tiles by zoom, column and row");
  const columns = numbers(await list(folder, String(finest)));
  if (columns.length > MAX_COLUMNS) throw unreadable(`its tiles have more than ${MAX_COLUMNS} columns`);
  let [top, bottom, ending, sample, tiles] = [Number.POSITIVE_INFINITY, -1, "", "", 0];
  for (const column of columns) {
    const names = await list(folder, `${finest}/${column}`);
    tiles += names.length;
    if (tiles > MAX_TILES) throw unreadable(`its finest zoom has more than ${MAX_TILES} tiles`);
    for (const name of names) {
      const [, number, kind] = TILE.exec(name) ?? [];
      if (number === undefined) continue;
      const row = flipped ? 2 ** finest - 1 - Number(number) : Number(number);
      if (row < 0 || row >= 2 ** finest) continue;
      [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
      ending ||= kind ?? "";
      sample ||= `${finest}/${column}/${name}`;
    }
  }
  const [left, right] = [columns[0], columns.at(-1)];
  if (bottom < 0 || left === undefined || right === undefined || right >= 2 ** finest)
    throw unreadable("the finest zoom of its folder holds no tiles");
  return { zooms: run, ending, left, right, top, bottom, sample };
}

async function list(folder: Folder, path: string): Promise<readonly string[]> {
  const names = await folder.list(path, MAX_NAMES);
  if (names) return names;
  throw unreadable("its tiles cannot be listed where they lie; serve them as Deep Zoom or IIIF, or from a folder");
}

function numbers(names: readonly string[]): number[] {
  return names
    .filter((name) => /^\d{1,10}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** The zooms that lead to the finest without a gap. */
function contiguous(zooms: readonly number[]): readonly number[] {
  const start = zooms.findLastIndex((zoom, index) => index > 0 && zoom !== (zooms[index - 1] ?? 0) + 1);
  return zooms.slice(Math.max(0, start));
}

/** `tilemapresource.xml` (OSGeo Tile Map Service 1.0). */
function readTileMap(text: string): { readonly tileSize: number } {
  let size: number | null = null;
  let profile = "";
  readXml(text, {
    open(path, attributes) {
      if (path === "TileMap/TileFormat") size = finiteNumber(attributes.width);
      if (path === "TileMap/TileSets") profile = attributes.profile ?? "";
    },
    close() {},
  });
  if (!isTileSide(size)) throw unreadable("its tile map tells no tile size from 16 to 2048 pixels");
  if (profile === "raster")
    throw unreadable(
      "its tile map counts rows from the bottom of the picture (profile raster); write it again with rows from the top (--xyz)",
    );
  return { tileSize: size };
}
