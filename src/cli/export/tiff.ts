import { stat } from "node:fs/promises";
import { BandloomError } from "../../core/errors.ts";
import { levelSize, tileGrid } from "../../core/geometry.ts";
import type { ValidFormula } from "../../service/types/formula.ts";
import type { Services } from "../../service/types/services.ts";
import type { TileAddress } from "../../service/types/tile.ts";
import { CogWriter } from "../../source/tiff/write-cog.ts";
import { ascii, type Fields, resolutionFields, WRITE_TAG } from "../../source/tiff/write-fields.ts";
import { geoFields } from "../../source/tiff/write-geo.ts";
import { removeStalePartials } from "../../source/tiff/write-partial.ts";
import type { Progress } from "../output/progress.ts";
import { packTile, type TiffContent, type TileForm, tileForm, tileRequest } from "./tiff-tiles.ts";
import type { ExportReport } from "./write.ts";

/** Pixels that are asked for together: 128 common tiles, or eight of the largest. */
const BATCH_PIXELS = 8 * 2 ** 20;

export interface TiffJob {
  readonly services: Services;
  readonly formula: ValidFormula;
  /** Of the file, absolute. */
  readonly path: string;
  readonly tileSize: number;
  readonly content: TiffContent;
  readonly quality: number;
  readonly force: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: Progress;
}

/**
 * Writes the picture as one TIFF, laid out as a COG, whose levels are those that the server serves. It has another, hidden name until it is
 * whole, and nothing is left of it where that fails. BAD_REQUEST where there is something of that name, unless it is forced.
 */
export async function writeTiff(job: TiffJob): Promise<ExportReport> {
  const { formula, path, tileSize, content, force, signal } = job;
  if (!force && (await stat(path).catch(() => null)))
    throw new BandloomError("BAD_REQUEST", "There is something of that name already. Say --force to replace it.");
  await removeStalePartials(path);
  const { info, levels } = formula.image;
  const [first] = await tilesOf(job, [{ level: levels - 1, x: 0, y: 0 }]);
  const form = await tileForm(content, first ?? new Uint8Array(0));
  const writer = await CogWriter.create(path, {
    ...{ width: info.width, height: info.height, levels, tileSize, channels: form.channels, rgb: form.rgb },
    type: content === "values" ? "float32" : "uint8",
    compression: content === "jpeg" ? "jpeg" : "deflate",
    interleaved: content !== "values",
    fields: pictureFields(formula),
    common: form.fields,
  });
  try {
    const tiles = await writeLevels(job, writer, form);
    const bytes = await writer.seal(signal);
    await writer.publish();
    return { tiles, kept: 0, bytes };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

type Place = Pick<TileAddress, "level" | "x" | "y">;

/** In batches, so that memory holds a few megapixels whatever the image's size. */
async function writeLevels(job: TiffJob, writer: CogWriter, form: TileForm): Promise<number> {
  const { formula, tileSize, content, signal, onProgress } = job;
  const { info, levels } = formula.image;
  const grids = Array.from({ length: levels }, (_, level) => tileGrid(levelSize(info, level), tileSize));
  const total = grids.reduce((sum, { columns, rows }) => sum + columns * rows, 0);
  const batchSize = Math.max(1, Math.floor(BATCH_PIXELS / tileSize ** 2));
  let done = 0;
  for (const batch of batches(placesIn(grids), batchSize)) {
    signal.throwIfAborted();
    const tiles = await tilesOf(job, batch);
    const packed = await Promise.all(tiles.map((tile) => packTile(content, tile, tileSize, form)));
    for (const [index, { level, x, y }] of batch.entries())
      for (const [plane, bytes] of (packed[index] ?? []).entries())
        writer.place(plane, level, x, y, await writer.store(bytes));
    done += batch.length;
    onProgress(done, total);
  }
  return total;
}

/** Finest level first, row by row. */
function* placesIn(grids: readonly ReturnType<typeof tileGrid>[]): Generator<Place> {
  for (const [level, { columns, rows }] of grids.entries())
    for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) yield { level, x, y };
}

function* batches<T>(items: Iterable<T>, size: number): Generator<readonly T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function tilesOf(job: TiffJob, places: readonly Place[]): Promise<readonly Uint8Array[]> {
  const { services, formula, tileSize, content, quality, signal } = job;
  const asked = tileRequest(content, quality);
  const requests = places.map((place) => ({ formula, tileSize, ...place, ...asked }));
  const tiles = await services.tiles.tiles(requests, signal);
  return tiles.map((tile) => {
    if (tile instanceof Error) throw tile;
    return tile.bytes;
  });
}

/** What the file says of the picture besides its pixels. */
function pictureFields({ formula, image: { info } }: ValidFormula): Fields {
  return new Map([
    [WRITE_TAG.imageDescription, ascii(formula.canonical)] as const,
    ...(info.georeference ? geoFields(info.georeference, info) : []),
    ...(info.pixelSize ? resolutionFields(info.pixelSize) : []),
  ]);
}
