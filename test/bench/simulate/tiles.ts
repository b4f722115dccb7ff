import { SCREEN, type View } from "./viewer.ts";

const TILE = 256;
/** Viewers load a ring of tiles around the screen, so that a drag finds them there. */
const RING = 1;
/** More than there are of each, so that no two tiles have one number; all together stay below 2^53. */
const COORDINATE = 2 ** 10;
const ZOOMS = 2 ** 4;
const FORMULAS = 2 ** 8;

/** Numbers of the tiles that a view shows: one for each tile of each image under each formula. */
export function tilesOf({ image, formula, zoom, x, y }: View): number[] {
  const last = 2 ** zoom - 1;
  const from = (centre: number, size: number) => Math.max(0, Math.floor((centre - size / 2) / TILE) - RING);
  const to = (centre: number, size: number) => Math.min(last, Math.floor((centre + size / 2) / TILE) + RING);
  const tiles: number[] = [];
  for (let row = from(y, SCREEN.height); row <= to(y, SCREEN.height); row++)
    for (let column = from(x, SCREEN.width); column <= to(x, SCREEN.width); column++)
      tiles.push((((image * FORMULAS + formula) * ZOOMS + zoom) * COORDINATE + column) * COORDINATE + row);
  return tiles;
}
