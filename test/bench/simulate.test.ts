import fc from "fast-check";
import { LRUCache } from "lru-cache";
import { describe, expect, it } from "vitest";
import { type Crowd, watch } from "./simulate/crowd.ts";
import { OneCache, TwoCaches } from "./simulate/layers.ts";
import { LruSizes } from "./simulate/lru.ts";
import { Popularity } from "./simulate/popularity.ts";
import { ROOM, tilesOf } from "./simulate/tiles.ts";
import { viewsOf, type World } from "./simulate/viewer.ts";

const worldOf = (seed: number): World => ({
  seed,
  images: new Popularity(20, 1),
  formulas: new Popularity(5, 1),
  places: new Popularity(10, 1),
  zooms: 8,
});
const CROWD: Crowd = { world: worldOf(1), viewers: 6, warmup: 40, counted: 60, browserTiles: 300 };
/** More than all tiles. */
const ENDLESS = 50_000;

/** What the browsers of a crowd ask the servers for. */
function requestsOf(crowd: Crowd) {
  const [before, counted]: [number[], number[]] = [[], []];
  const shown = watch(crowd, [{ ask: (tile, isCounted) => (isCounted ? counted : before).push(tile) }]);
  return { ...shown, before, counted };
}

const requests = requestsOf(CROWD);

/** Of a cache of each size. */
function renderedPast(sizes: readonly number[]): readonly number[] {
  const cache = new OneCache(sizes);
  watch(CROWD, [cache]);
  return cache.outcomes().map(({ rendered }) => rendered);
}

describe("the simulation of viewers", () => {
  it("comes out the same for the same seed, and otherwise for another", () => {
    expect(requestsOf(CROWD)).toEqual(requests);
    expect(requestsOf({ ...CROWD, world: worldOf(2) }).counted).not.toEqual(requests.counted);
  });

  it("accounts for every tile that is shown, whatever the sizes of the caches", () => {
    const sizes = [100, 3000, ENDLESS];
    const one = new OneCache(sizes);
    const pairs = sizes.flatMap((front) => sizes.map((back) => new TwoCaches(front, back)));
    const { shown, browser } = watch(CROWD, [one, ...pairs]);
    for (const { hits, rendered } of one.outcomes()) expect(browser + hits + rendered).toBe(shown);
    for (const { counts } of pairs) expect(browser + counts.front + counts.back + counts.rendered).toBe(shown);
    // What lies behind a cache that drops nothing is never asked for the same twice.
    expect(pairs.at(-1)?.counts).toEqual({ front: one.outcomes()[2]?.hits, back: 0, rendered: renderedPast(sizes)[2] });
  });

  it("renders each tile once where the cache is large enough, and all that is asked for without any", () => {
    const before = new Set(requests.before);
    const firstTime = new Set(requests.counted.filter((tile) => !before.has(tile)));
    expect(renderedPast([ENDLESS])).toEqual([firstTime.size]);
    expect(requests.shown - requests.browser).toBe(requests.counted.length);
  });

  it("renders no more with a larger cache (what a smaller LRU holds, a larger one holds too)", () => {
    const rendered = renderedPast([50, 200, 800, 3200, ENDLESS]);
    expect(rendered).toEqual(rendered.toSorted((a, b) => b - a));
    expect(rendered[3]).toBeLessThan(rendered[0] ?? 0);
  });

  it("has caches behind each other: what the first has not is asked of the second", () => {
    const pair = new TwoCaches(2, 3);
    for (const tile of [1, 2, 3]) pair.ask(tile, false);
    // 1 has left the first and not the second; 3 is still in the first; 4 was in none.
    for (const tile of [1, 3, 4]) pair.ask(tile, true);
    expect(pair.counts).toEqual({ front: 1, back: 1, rendered: 1 });
  });

  it("shows a screen and a ring around it, inside the image", () => {
    const middle = { image: 3, formula: 1, zoom: 8, x: 2 ** 15, y: 2 ** 15 };
    // 1920 × 1080 pixels around a corner of four tiles: 8 × 6 tiles, and the ring.
    expect(new Set(tilesOf(middle)).size).toBe(10 * 8);
    expect(tilesOf({ ...middle, zoom: 0, x: 128, y: 128 })).toHaveLength(1);
    expect(tilesOf({ ...middle, x: 0, y: 0 })).toHaveLength(5 * 4);
  });

  it("gives each tile a number of its own, that a list of 32 bits can hold", () => {
    const [image, formula, zoom] = [ROOM.images - 1, ROOM.formulas - 1, ROOM.zooms - 1];
    const corner = 256 * 2 ** zoom;
    const last = { image, formula, zoom, x: corner, y: corner };
    expect(Math.max(...tilesOf(last))).toBeLessThan(2 ** 32);
    // The first tile of what comes next is the number after the last one.
    const first = { zoom: 0, x: 0, y: 0 };
    const lastOf = (changed: object) => Math.max(...tilesOf({ ...last, ...changed }));
    expect(tilesOf({ ...first, image, formula })).toEqual([lastOf({ formula: formula - 1 }) + 1]);
    expect(tilesOf({ ...first, image, formula: 0 })).toEqual([lastOf({ image: image - 1 }) + 1]);
    const coarser = { image: 0, formula: 0, zoom: 5, x: 2 ** 13, y: 2 ** 13 };
    expect(Math.min(...tilesOf({ ...coarser, zoom: 6, x: 0, y: 0 }))).toBe(Math.max(...tilesOf(coarser)) + 1);
  });

  it("lets people go from the overview in steps of a zoom, and share what they go to", () => {
    const views = viewsOf(worldOf(1), 0);
    const zooms = Array.from({ length: 300 }, () => views.next().value.zoom);
    expect(zooms[0]).toBe(3);
    for (let at = 1; at < zooms.length; at++) expect((zooms[at] ?? 0) - (zooms[at - 1] ?? 0)).toBeLessThanOrEqual(1);
    expect(Math.max(...zooms)).toBe(8);
  });

  it("wants the first of many most, the second half as much", () => {
    const popularity = new Popularity(50, 1);
    let state = 0;
    const counts = new Array<number>(50).fill(0);
    for (let n = 0; n < 45_000; n++) {
      state = (state + 0.61803398875) % 1;
      const drawn = popularity.draw(() => state);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    expect(Math.abs((counts[0] ?? 0) / (counts[1] ?? 1) - 2)).toBeLessThan(0.05);
    expect(Math.min(...counts)).toBeGreaterThan(100);
  });
});

describe("caches of several sizes at once", () => {
  it("drop what was asked for least recently", () => {
    const caches = new LruSizes([2]);
    // 3 drives out 2 and not 1, which was asked for since.
    expect([1, 2, 1, 3, 1, 2].map((tile) => caches.ask(tile))).toEqual([1, 1, 0, 1, 0, 1]);
  });

  it("have what the server's own LRU of each size has", () => {
    const sizes = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
    const asked = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 200, maxLength: 600 });
    fc.assert(
      fc.property(sizes, asked, (unsorted, names) => {
        const sorted = unsorted.toSorted((a, b) => a - b);
        const caches = new LruSizes(sorted);
        const oracles = sorted.map((max) => new LRUCache<number, true>({ max }));
        const [found, due]: [number[], number[]] = [[], []];
        for (const name of names) {
          // Up to the largest numbers that there are.
          const tile = name * 71_582_788;
          const had = oracles.map((oracle) => {
            if (oracle.get(tile)) return true;
            oracle.set(tile, true);
            return false;
          });
          found.push(caches.ask(tile));
          due.push(had.includes(true) ? had.indexOf(true) : sorted.length);
        }
        expect(found).toEqual(due);
      }),
    );
  });
});
