import { levelSize, type Region, type Size } from "../core/geometry.ts";

/** Samples that a thread works on at a time: enough to keep threads apart from each other, few enough for any machine. */
const UNIT_BYTES = 32 * 2 ** 20;
/** So far a unit may grow where chunks of the source would otherwise be read more than once. */
const LARGEST_UNIT_BYTES = 256 * 2 ** 20;
/** Pixels: smaller images still give every thread something to do. */
const UNIT_SIDE = 2048;

/**
 * How levels are cut into units of work. Each unit is a rectangle of whole chunks; it makes the chunks of several levels before it hands
 * what is left to a unit of a coarser level, which is as large.
 */
export interface UnitGrid extends Size {
  readonly image: Size;
  readonly chunk: number;
  readonly levels: number;
}

/**
 * Units that hold whole chunks of the source where that can be: squares over tiles, bands of rows over strips. `pixelBytes` counts
 * all samples that are read together.
 */
export function unitGrid(image: Size, chunk: number, levels: number, source: Size, pixelBytes: number): UnitGrid {
  let width = chunk;
  let height = chunk;
  const bytes = () => Math.min(width, image.width) * Math.min(height, image.height) * pixelBytes;
  const fits = (limit: number) => bytes() * 2 <= limit;
  while (height < Math.min(source.height, image.height) && fits(LARGEST_UNIT_BYTES)) height *= 2;
  while (width < Math.min(source.width, image.width) && fits(LARGEST_UNIT_BYTES)) width *= 2;
  for (;;) {
    const wider = width < Math.min(UNIT_SIDE, image.width);
    const higher = height < Math.min(UNIT_SIDE, image.height);
    if (!(wider || higher) || !fits(UNIT_BYTES)) break;
    if (higher && (height <= width || !wider)) height *= 2;
    else width *= 2;
  }
  return { image, chunk, levels, width, height };
}

/** Levels of which a unit at `level` makes chunks: as long as it is whole chunks there. */
export function reach({ image, chunk, levels, width, height }: UnitGrid, level: number): number {
  const size = levelSize(image, level);
  const doublings = (side: number, whole: number) => (side >= whole ? levels : Math.log2(side / chunk));
  return Math.min(levels - level, doublings(width, size.width) + 1, doublings(height, size.height) + 1);
}

/** The pixels of unit (x, y) of a level. */
export function unitRegion({ image, width, height }: UnitGrid, level: number, x: number, y: number): Region {
  const size = levelSize(image, level);
  const [left, top] = [x * width, y * height];
  return {
    x: left,
    y: top,
    width: Math.min(width, size.width - left),
    height: Math.min(height, size.height - top),
  };
}

function unitCounts({ image, width, height }: UnitGrid, level: number) {
  const size = levelSize(image, level);
  return { columns: Math.ceil(size.width / width), rows: Math.ceil(size.height / height) };
}

/** Units of level 0 such that neighbours come close together (Morton order): what coarser levels wait for stays little. */
export function unitOrder(grid: UnitGrid): readonly (readonly [x: number, y: number])[] {
  const { columns, rows } = unitCounts(grid, 0);
  const cells = Array.from({ length: columns * rows }, (_, i) => [i % columns, Math.floor(i / columns)] as const);
  return cells.sort(([ax, ay], [bx, by]) => morton(ax, ay) - morton(bx, by));
}

function morton(x: number, y: number): number {
  let code = 0;
  for (let bit = 0; bit < 24; bit++) code += (((x >> bit) & 1) + 2 * ((y >> bit) & 1)) * 4 ** bit;
  return code;
}

/** Where the remainder of a finer unit, now at `level`, belongs: the unit there, and how many remainders make it. */
export function parentUnit(
  grid: UnitGrid,
  level: number,
  from: number,
  { x: left, y: top }: Region,
): { readonly x: number; readonly y: number; readonly parts: number } {
  const [x, y] = [Math.floor(left / grid.width), Math.floor(top / grid.height)];
  const per = 2 ** (level - from);
  const { columns, rows } = unitCounts(grid, from);
  return { x, y, parts: Math.min(per, columns - x * per) * Math.min(per, rows - y * per) };
}
