import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { BandloomError } from "../../core/errors.ts";
import type { Encoding } from "../../render/index.ts";
import type { Services, ValidFormula } from "../../service/index.ts";
import type { Progress } from "../output/progress.ts";
import type { Layout, SmallFile, TileFile } from "./layouts.ts";

/** Says what an export is of, so that another run goes on with it and never mixes two pictures. */
const RECORD = ".bandloom-export.json";
/** Folders of levels, as Deep Zoom and XYZ both have them. */
const LEVEL = /^\d+$/;

export interface ExportJob {
  readonly services: Services;
  readonly formula: ValidFormula;
  readonly layout: Layout;
  /** Folder of the files. */
  readonly folder: string;
  /** Path of what describes the export, which is written when all tiles are. */
  readonly document: string;
  readonly tileSize: number;
  readonly encoding: Encoding;
  /** Edge tiles are filled up. */
  readonly pad: boolean;
  readonly force: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: Progress;
}

export interface ExportReport {
  readonly tiles: number;
  /** Of them, those that an earlier run had written. */
  readonly kept: number;
  /** Of what was written now. */
  readonly bytes: number;
}

/**
 * Writes the tiles of a layout, each under another name until it is whole. What an earlier run of the same picture has written stays.
 * BAD_REQUEST where there are tiles already, of another picture or of nobody knows what, unless it is forced.
 */
export async function writeExport(job: ExportJob): Promise<ExportReport> {
  const { layout, folder, signal, onProgress } = job;
  const resumes = await begin(job);
  const { tiles, steps } = layout.walk;
  let [done, kept, bytes] = [0, 0, 0];
  for (let step = 0; step < steps; step++) {
    signal.throwIfAborted();
    const files = layout.walk.step(step).map((place) => layout.fileOf(place));
    const there = await Promise.all(files.map(({ path }) => resumes && exists(join(folder, path))));
    const missing = files.filter((_, index) => !there[index]);
    bytes += await writeTiles(job, missing);
    kept += files.length - missing.length;
    done += files.length;
    onProgress(done, tiles);
  }
  for (const file of layout.small) bytes += await writeSmall(job, file);
  await writeFile(join(folder, RECORD), recordOf(job, false));
  return { tiles: tiles + layout.small.length, kept, bytes };
}

/** Gives whether tiles that are there are of this picture: not while another one is written over, however often that is begun. */
async function begin(job: ExportJob): Promise<boolean> {
  const { folder, document, force } = job;
  const path = join(folder, RECORD);
  const before = await readFile(path, "utf8").catch(() => null);
  if (before === recordOf(job, false)) return true;
  if (before === recordOf(job, true)) return false;
  if (before !== null && !force)
    throw new BandloomError(
      "BAD_REQUEST",
      "The folder holds an export of another picture. Choose another one, or --force to write over it.",
    );
  const isOver = before !== null || (await exists(document)) || (await holdsLevels(folder));
  if (isOver && !force)
    throw new BandloomError(
      "BAD_REQUEST",
      "There are tiles already, or a file that describes some, which no export wrote. Choose another place, or --force to write over them.",
    );
  await mkdir(folder, { recursive: true });
  await writeFile(path, recordOf(job, isOver));
  return false;
}

/** `isOver`: what was there before is being written over, and is not yet all of this picture. */
function recordOf({ formula, tileSize, encoding, pad }: ExportJob, isOver: boolean): string {
  const { canonical } = formula.formula;
  const over = isOver ? { over: true } : {};
  return JSON.stringify({ formula: canonical, version: formula.version, tileSize, encoding, pad, ...over });
}

async function holdsLevels(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  return names.some((name) => LEVEL.test(name));
}

async function writeTiles(
  { services, formula, folder, tileSize, encoding, pad, signal }: ExportJob,
  files: readonly TileFile[],
): Promise<number> {
  const requests = files.map(({ level, x, y }) => ({ formula, level, x, y, tileSize, pad, encoding }));
  const tiles = await services.tiles.tiles(requests, signal);
  let bytes = 0;
  for (const [index, tile] of tiles.entries()) {
    if (tile instanceof Error) throw tile;
    await writeWhole(join(folder, files[index]?.path ?? ""), tile.bytes);
    bytes += tile.bytes.length;
  }
  return bytes;
}

/** What is smaller than the coarsest level is that level, scaled down. */
async function writeSmall(job: ExportJob, { path, size, part }: SmallFile): Promise<number> {
  const { services, formula, folder, encoding, signal } = job;
  const { width, height } = formula.image.info;
  const png = { format: "png", quality: 100, lossless: false } as const;
  const region = { x: 0, y: 0, width, height };
  const coarsest = await services.tiles.region({ formula, region, maxSize: 256, encoding: png }, signal);
  const scaled = sharp(coarsest.bytes)
    .resize(size.width, size.height, { fit: "fill" })
    .extract({ left: part.x, top: part.y, width: part.width, height: part.height });
  const bytes = await encoded(scaled, encoding);
  await writeWhole(join(folder, path), bytes);
  return bytes.length;
}

function encoded(picture: Sharp, { format, quality, lossless }: Encoding): Promise<Buffer> {
  switch (format) {
    case "png":
      return picture.png().toBuffer();
    case "webp":
      return picture.webp({ quality, lossless }).toBuffer();
    case "avif":
      return picture.avif({ quality, lossless }).toBuffer();
    default:
      return picture.flatten({ background: "black" }).jpeg({ quality }).toBuffer();
  }
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.part`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(part, bytes);
  await rename(part, path);
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
