import { LRUCache } from "lru-cache";
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

/** What browsers ask the servers for, in order: numbers of tiles. */
export interface Requests {
  readonly tiles: Float64Array;
  /** Where the counted part begins. */
  readonly countedFrom: number;
  /** In the counted part: tiles that were shown, and how many of them the browsers had. */
  readonly shown: number;
  readonly browserHits: number;
}

/** Where the tiles of the counted part came from; together `shown`. */
export interface Outcome {
  readonly shown: number;
  readonly browser: number;
  readonly nginx: number;
  readonly redis: number;
  readonly rendered: number;
}

/** Everybody takes a look by turns. */
export function requestsOf({ world, viewers, warmup, counted, browserTiles }: Crowd): Requests {
  const people = Array.from({ length: viewers }, (_, viewer) => ({
    views: viewsOf(world, viewer),
    browser: new LRUCache<number, true>({ max: browserTiles }),
  }));
  const tiles: number[] = [];
  let [countedFrom, shown, browserHits] = [0, 0, 0];
  for (let look = 0; look < warmup + counted; look++) {
    if (look === warmup) [countedFrom, shown, browserHits] = [tiles.length, 0, 0];
    for (const { views, browser } of people) {
      const view: View = views.next().value;
      for (const tile of tilesOf(view)) {
        shown++;
        if (browser.get(tile)) browserHits++;
        else {
          browser.set(tile, true);
          tiles.push(tile);
        }
      }
    }
  }
  return { tiles: Float64Array.from(tiles), countedFrom, shown, browserHits };
}

/** The same requests, past two caches of so many tiles each: nginx, and Redis behind it. 0: there is none. */
export function pastCaches(
  { tiles, countedFrom, shown, browserHits }: Requests,
  sizes: { readonly nginx: number; readonly redis: number },
): Outcome {
  const nginx = new Layer(sizes.nginx);
  const redis = new Layer(sizes.redis);
  let rendered = 0;
  for (let at = 0; at < tiles.length; at++) {
    if (at === countedFrom) {
      rendered = 0;
      nginx.hits = 0;
      redis.hits = 0;
    }
    const tile = tiles[at] ?? 0;
    if (!nginx.holds(tile) && !redis.holds(tile)) rendered++;
  }
  return { shown, browser: browserHits, nginx: nginx.hits, redis: redis.hits, rendered };
}

/** Holds what passed it last. */
class Layer {
  readonly #tiles: LRUCache<number, true> | null;
  hits = 0;

  constructor(size: number) {
    this.#tiles = size > 0 ? new LRUCache({ max: size }) : null;
  }

  /** Whether it had the tile; it has it now. */
  holds(tile: number): boolean {
    if (!this.#tiles) return false;
    if (this.#tiles.get(tile)) {
      this.hits++;
      return true;
    }
    this.#tiles.set(tile, true);
    return false;
  }
}
