import { describe, expect, it } from "vitest";
import { pastCaches, requestsOf } from "./simulate/layers.ts";
import { Popularity } from "./simulate/popularity.ts";
import { tilesOf } from "./simulate/tiles.ts";
import { viewsOf, type World } from "./simulate/viewer.ts";

const worldOf = (seed: number): World => ({
  seed,
  images: new Popularity(20, 1),
  formulas: new Popularity(5, 1),
  places: new Popularity(10, 1),
  zooms: 8,
});
const crowd = { viewers: 6, warmup: 40, counted: 60, browserTiles: 300 };
const requests = requestsOf({ world: worldOf(1), ...crowd });
/** More than all tiles. */
const ENDLESS = 50_000;

describe("the simulation of viewers", () => {
  it("comes out the same for the same seed, and otherwise for another", () => {
    expect(requestsOf({ world: worldOf(1), ...crowd })).toEqual(requests);
    expect(requestsOf({ world: worldOf(2), ...crowd }).tiles).not.toEqual(requests.tiles);
  });

  it("accounts for every tile that is shown, whatever the sizes of the caches", () => {
    for (const nginx of [0, 100, 3000, ENDLESS])
      for (const redis of [0, 100, 3000, ENDLESS]) {
        const { shown, browser, nginx: front, redis: back, rendered } = pastCaches(requests, { nginx, redis });
        expect(browser + front + back + rendered).toBe(shown);
        if (nginx === 0) expect(front).toBe(0);
        if (redis === 0) expect(back).toBe(0);
      }
  });

  it("renders each tile once where the cache is large enough, and all that is asked for without any", () => {
    const { tiles, countedFrom } = requests;
    const before = new Set(tiles.subarray(0, countedFrom));
    const firstTime = new Set(tiles.subarray(countedFrom).filter((tile) => !before.has(tile)));
    expect(pastCaches(requests, { nginx: ENDLESS, redis: 0 }).rendered).toBe(firstTime.size);
    expect(pastCaches(requests, { nginx: 0, redis: ENDLESS }).rendered).toBe(firstTime.size);
    expect(pastCaches(requests, { nginx: 0, redis: 0 }).rendered).toBe(tiles.length - countedFrom);
  });

  it("renders no more with a larger cache (what a smaller LRU holds, a larger one holds too)", () => {
    const rendered = [0, 50, 200, 800, 3200, ENDLESS].map(
      (nginx) => pastCaches(requests, { nginx, redis: 0 }).rendered,
    );
    expect(rendered).toEqual(rendered.toSorted((a, b) => b - a));
    expect(rendered[4]).toBeLessThan(rendered[1] ?? 0);
  });

  it("drops what was asked for least recently", () => {
    const asked = { countedFrom: 0, shown: 6, browserHits: 0, tiles: Float64Array.of(1, 2, 1, 3, 1, 2) };
    // 3 drives out 2 and not 1, which was asked for since.
    expect(pastCaches(asked, { nginx: 2, redis: 0 })).toMatchObject({ nginx: 2, rendered: 4 });
  });

  it("shows a screen and a ring around it, inside the image", () => {
    const middle = { image: 3, formula: 1, zoom: 8, x: 2 ** 15, y: 2 ** 15 };
    // 1920 × 1080 pixels around a corner of four tiles: 8 × 6 tiles, and the ring.
    expect(new Set(tilesOf(middle)).size).toBe(10 * 8);
    expect(tilesOf({ ...middle, zoom: 0, x: 128, y: 128 })).toHaveLength(1);
    expect(tilesOf({ ...middle, x: 0, y: 0 })).toHaveLength(5 * 4);
    expect(tilesOf({ ...middle, formula: 2 }).some((tile) => tilesOf(middle).includes(tile))).toBe(false);
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
