import DataLoader from "dataloader";
import type { ServedTile, TileRequest, TileService } from "../service/types/tile.ts";

export interface TileLoad {
  /** The tile's cache key: equal keys are one tile, wherever in the operation they are asked for. */
  readonly key: string;
  readonly request: TileRequest;
}

export type TileLoader = DataLoader<TileLoad, ServedTile, string>;

/**
 * Pixels of all tiles of one operation: whatever is asked for in one turn of the event loop, under whichever alias, list or
 * field, becomes one call, so that its chunks are read once. Nothing waits longer than that turn.
 */
export function createTileLoader(tiles: TileService, signal: AbortSignal): TileLoader {
  return new DataLoader<TileLoad, ServedTile, string>(
    (loads) =>
      tiles.tiles(
        loads.map(({ request }) => request),
        signal,
      ),
    { cacheKeyFn: ({ key }) => key, batchScheduleFn: (dispatch) => void setImmediate(dispatch) },
  );
}
