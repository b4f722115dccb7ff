import { LruSizes } from "./lru.ts";
import { tilesOf } from "./tiles.ts";
import { type View, viewsOf, type World } from "./viewer.ts";

export interface Crowd {
  readonly world: World;
  /** Who look at the same time. */
  readonly viewers: number;
  /** Looks of each: so many to fill the caches, then so many that are counted. */
  readonly warmup: number;
  readonly counted: number;
  /** Tiles that each browser keeps. */
  readonly browserTiles: number;
}

/** What the browsers do not have is asked of these. */
export interface Servers {
  /** `isCounted`: the caches are filled. */
  ask(tile: number, isCounted: boolean): void;
}

/** Of the counted part: tiles that were shown, and how many of them the browsers had. */
export interface Shown {
  readonly shown: number;
  readonly browser: number;
}

/** Everybody takes a look by turns. All servers are asked for the same, one tile after another: nothing is kept of it. */
export function watch({ world, viewers, warmup, counted, browserTiles }: Crowd, servers: readonly Servers[]): Shown {
  const people = Array.from({ length: viewers }, (_, viewer) => {
    return { views: viewsOf(world, viewer), browser: new LruSizes([browserTiles]) };
  });
  let [shown, asked] = [0, 0];
  for (let look = 0; look < warmup + counted; look++) {
    const isCounted = look >= warmup;
    for (const { views, browser } of people) {
      const view: View = views.next().value;
      const tiles = tilesOf(view);
      const missing = tiles.filter((tile) => browser.ask(tile) > 0);
      for (const tile of missing) for (const server of servers) server.ask(tile, isCounted);
      if (!isCounted) continue;
      shown += tiles.length;
      asked += missing.length;
    }
  }
  return { shown, browser: shown - asked };
}
