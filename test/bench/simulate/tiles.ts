import { SCREEN, type View } from "./viewer.ts";

const TILE = 256;
/** Viewers load a ring of tiles around the screen, so that a drag finds them there. */
const RING = 1;
/** What numbers of tiles have room for, as many of each: no two tiles have one number, and all are below 2^32. */
export const ROOM = { images: 300, formulas: 40, zooms: 10 } as const;
const ALL_ZOOMS = tilesBefore(ROOM.zooms);

/** Numbers of the tiles that a view shows: one for each tile of each image under each formula. */
export function tilesOf({ image, formula, zoom, x, y }: View): number[] {
  const side = 2 ** zoom;
  const from = (centre: number, size: number) => Math.max(0, Math.floor((centre - size / 2) / TILE) - RING);
  const to = (centre: number, size: number) => Math.min(side - 1, Math.floor((centre + size / 2) / TILE) + RING);
  const first = (image * ROOM.formulas + formula) * ALL_ZOOMS + tilesBefore(zoom);
  const tiles: number[] = [];
  for (let row = from(y, SCREEN.height); row <= to(y, SCREEN.height); row++)
    for (let column = from(x, SCREEN.width); column <= to(x, SCREEN.width); column++)
      tiles.push(first + row * side + column);
  return tiles;
}

/** Tiles of an image at coarser zooms: 4^0 + 4^1 + … */
function tilesBefore(zoom: number): number {
  return (4 ** zoom - 1) / 3;
}
