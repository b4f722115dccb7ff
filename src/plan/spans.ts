import type { Region } from "../core/geometry.ts";
import type { ChunkGrid } from "./levels.ts";

/** A rectangle that one chunk gives to a region, in pixels. */
export interface ChunkSpan {
  /** Position of the chunk in its grid. */
  readonly chunkX: number;
  readonly chunkY: number;
  /** Top left of the rectangle inside the chunk. */
  readonly fromX: number;
  readonly fromY: number;
  /** Top left of the rectangle inside the region. */
  readonly toX: number;
  readonly toY: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The chunks under a region, row by row, and where each lands in it. A pixel beyond the grid (a stored level may be one pixel
 * smaller than the level that it serves) repeats the last column or row.
 */
export function chunkSpans(grid: ChunkGrid, region: Region): ChunkSpan[] {
  const columns = axisRuns(grid.chunkWidth, grid.width, region.x, region.width);
  const rows = axisRuns(grid.chunkHeight, grid.height, region.y, region.height);
  return rows.flatMap((row) =>
    columns.map((column) => ({
      chunkX: column.chunk,
      chunkY: row.chunk,
      fromX: column.from,
      fromY: row.from,
      toX: column.to,
      toY: row.to,
      width: column.length,
      height: row.length,
    })),
  );
}

/** Positions of all chunks under a region, row by row, each once. */
export function chunksUnder(grid: ChunkGrid, region: Region): { readonly x: number; readonly y: number }[] {
  const columns = chunkRange(grid.chunkWidth, grid.width, region.x, region.width);
  const rows = chunkRange(grid.chunkHeight, grid.height, region.y, region.height);
  return rows.flatMap((y) => columns.map((x) => ({ x, y })));
}

/** How many chunks lie under a region; none of them is listed. */
export function chunkCount(grid: ChunkGrid, region: Region): number {
  const along = (chunkSize: number, total: number, start: number, length: number) => {
    const [first, last] = chunkBounds(chunkSize, total, start, length);
    return last - first + 1;
  };
  return (
    along(grid.chunkWidth, grid.width, region.x, region.width) *
    along(grid.chunkHeight, grid.height, region.y, region.height)
  );
}

/** Pixels of all chunks under a region: what has to be decoded for it. */
export function pixelsUnder(grid: ChunkGrid, region: Region): number {
  return (
    extentUnder(grid.chunkWidth, grid.width, region.x, region.width) *
    extentUnder(grid.chunkHeight, grid.height, region.y, region.height)
  );
}

interface AxisRun {
  readonly chunk: number;
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

function axisRuns(chunkSize: number, total: number, start: number, length: number): AxisRun[] {
  const runs: AxisRun[] = [];
  const end = start + length;
  for (let at = start; at < end; ) {
    const inside = Math.min(at, total - 1);
    const chunk = Math.floor(inside / chunkSize);
    const chunkEnd = Math.min((chunk + 1) * chunkSize, total);
    const run = at < total ? Math.min(end, chunkEnd) - at : 1;
    runs.push({ chunk, from: inside - chunk * chunkSize, to: at - start, length: run });
    at += run;
  }
  return runs;
}

function chunkBounds(chunkSize: number, total: number, start: number, length: number): readonly [number, number] {
  const last = total - 1;
  return [Math.floor(Math.min(start, last) / chunkSize), Math.floor(Math.min(start + length - 1, last) / chunkSize)];
}

function chunkRange(chunkSize: number, total: number, start: number, length: number): number[] {
  const [first, last] = chunkBounds(chunkSize, total, start, length);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function extentUnder(chunkSize: number, total: number, start: number, length: number): number {
  const [first, last] = chunkBounds(chunkSize, total, start, length);
  return Math.min((last + 1) * chunkSize, total) - first * chunkSize;
}
