import { availableParallelism } from "node:os";
import { levelCount, levelSize, type Size, tileGrid } from "../../core/geometry.ts";
import { PyramidTiffWriter } from "../../source/tiff/write.ts";
import { omeXml } from "../../source/tiff/write-ome-xml.ts";
import { PyramidReducer, type PyramidTile } from "../../source/tiff/write-pyramid.ts";
import { encodeTile } from "../../source/tiff/write-tile.ts";
import { BANDS } from "./channels.ts";
import { paintUnits } from "./crew.ts";
import { POOL_TILES, poolTile } from "./mosaic.ts";
import { type EncodedTile, UNIT_TILES, type UnitJob } from "./unit.ts";

export interface DemoOptions {
  /** Pixels a side. */
  readonly size: number;
  readonly path: string;
  readonly progress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** The size that `demo` has unless told otherwise, pixels a side. */
export const DEFAULT_DEMO_SIZE = 4096;
export const MIN_DEMO_SIZE = 64;
/** Larger pictures only hold longer tile indices; these take 80 MB. */
export const MAX_DEMO_SIZE = 262_144;
/** Up to here every pixel is painted; beyond, a pool of tiles is painted and the picture is laid out of them. */
export const MAX_PAINTED_SIZE = 8192;

const STORED_LEVELS = 5;
/** Small tiles for a picture that is looked at, large ones for a short index. */
const PAINTED_TILE = 256;
const MOSAIC_TILE = 512;
/** zlib's levels: a second saved on the demo is worth more than 15 MB; the pool is small and its file should be too. */
const PAINTED_EFFORT = 1;
const MOSAIC_EFFORT = 6;
/** More threads would gain little and take memory. */
const MAX_THREADS = 8;
/** The picture's width in the sky: an imaginary nebula, 22 light years across. */
const LIGHT_YEARS = 22;

/** `demo.ome.tif`, `demo-100k.ome.tif`. */
export function demoFileName(size: number): string {
  if (size === DEFAULT_DEMO_SIZE) return "demo.ome.tif";
  return size % 1000 === 0 ? `demo-${size / 1000}k.ome.tif` : `demo-${size}.ome.tif`;
}

/**
 * Writes the demo sky: 15 bands of 8 bits from far infrared to ultraviolet, an OME-TIFF with up to five levels. The same size gives the same file.
 * Rejects with the file system's error, or the signal's reason; then nothing is left behind.
 */
export async function makeDemo(options: DemoOptions): Promise<void> {
  const { size, path } = options;
  const painted = size <= MAX_PAINTED_SIZE;
  const picture: Picture = {
    width: size,
    height: size,
    tileSize: painted ? PAINTED_TILE : MOSAIC_TILE,
    levels: Math.min(STORED_LEVELS, levelCount({ width: size, height: size })),
  };
  const description = omeXml({
    name: painted ? "Demo sky" : `Demo sky, ${size} × ${size}`,
    type: "uint8",
    width: size,
    height: size,
    channels: BANDS,
    depth: 1,
    times: 1,
    pixelSize: { x: LIGHT_YEARS / size, y: LIGHT_YEARS / size, unit: "ly" },
  });
  const writer = await PyramidTiffWriter.create(path, {
    ...picture,
    type: "uint8",
    compression: "deflate",
    planes: BANDS.length,
    description,
  });
  try {
    if (painted) await paintPicture(writer, picture, options);
    else await layMosaic(writer, picture, options);
    options.signal?.throwIfAborted();
    await writer.seal();
    await writer.publish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

interface Picture extends Size {
  readonly tileSize: number;
  readonly levels: number;
}

async function paintPicture(writer: PyramidTiffWriter, picture: Picture, options: DemoOptions): Promise<void> {
  const { tileSize, levels } = picture;
  const units = Math.ceil(picture.width / (tileSize * UNIT_TILES));
  const jobs = zOrder(units).map(
    ([x, y]): UnitJob => ({
      subject: { kind: "nebula", pixels: picture.width },
      size: { width: picture.width, height: picture.height },
      tileSize,
      levels,
      x,
      y,
      effort: PAINTED_EFFORT,
    }),
  );
  const reducer = new PyramidReducer(picture, tileSize, levels);
  let done = 0;
  for await (const { tiles, top } of paintUnits(jobs, threadCount(), options.signal)) {
    for (const tile of tiles) await writeTile(writer, tile);
    for (const tile of top ? reducer.add(top) : []) await writeTile(writer, encode(tile, tileSize));
    options.progress?.(++done, jobs.length);
  }
}

async function layMosaic(writer: PyramidTiffWriter, picture: Picture, options: DemoOptions): Promise<void> {
  const { tileSize } = picture;
  const jobs = Array.from({ length: POOL_TILES }, (_, index): UnitJob => {
    const subject = { kind: "mosaic", pixels: tileSize, index } as const;
    return {
      subject,
      size: { width: tileSize, height: tileSize },
      tileSize,
      levels: 1,
      x: 0,
      y: 0,
      effort: MOSAIC_EFFORT,
    };
  });
  const pool: (readonly Awaited<ReturnType<PyramidTiffWriter["store"]>>[])[] = [];
  for await (const { tiles } of paintUnits(jobs, threadCount(), options.signal)) {
    const stored = [];
    for (const bytes of tiles[0]?.bands ?? []) stored.push(await writer.store(bytes));
    pool.push(stored);
    options.progress?.(pool.length, jobs.length);
  }
  for (let level = 0; level < picture.levels; level++) {
    const { columns, rows } = tileGrid(levelSize(picture, level), tileSize);
    for (let i = 0; i < columns * rows; i++) {
      const [x, y] = [i % columns, Math.floor(i / columns)];
      pool[poolTile(x, y, columns)]?.forEach((tile, band) => {
        writer.place(band, level, x, y, tile);
      });
    }
  }
}

async function writeTile(writer: PyramidTiffWriter, { level, x, y, bands }: EncodedTile): Promise<void> {
  for (const [band, bytes] of bands.entries()) writer.place(band, level, x, y, await writer.store(bytes));
}

function encode({ level, x, y, planes }: PyramidTile, tileSize: number): EncodedTile {
  return { level, x, y, bands: planes.map((plane) => encodeTile(plane, tileSize, PAINTED_EFFORT)) };
}

function threadCount(): number {
  return Math.min(availableParallelism(), MAX_THREADS);
}

/** All cells of a square grid such that neighbours come close together (Morton order): parents are complete early. */
function zOrder(side: number): (readonly [x: number, y: number])[] {
  const cells = Array.from({ length: side * side }, (_, i) => [i % side, Math.floor(i / side)] as const);
  return cells.sort(([ax, ay], [bx, by]) => morton(ax, ay) - morton(bx, by));
}

function morton(x: number, y: number): number {
  let code = 0;
  for (let bit = 0; bit < 16; bit++) code += (((x >> bit) & 1) + 2 * ((y >> bit) & 1)) * 4 ** bit;
  return code;
}
