/**
 * `npm run simulate [-- SEED]`: how often each layer of caches has a tile, for people who pan and zoom, by the caches' sizes. Prints
 * the numbers of docs/scale.md; the same for the same seed. Takes some minutes and 1.5 GB, nearly all of it for the largest crowd.
 */
import { type Crowd, type Shown, watch } from "./crowd.ts";
import { OneCache, TwoCaches } from "./layers.ts";
import { Popularity } from "./popularity.ts";
import type { World } from "./viewer.ts";

/** A common 256² JPEG of quality 80, with what a cache keeps beside it. Another mean only stretches the column of sizes. */
const TILE_BYTES = 20_000;
const [IMAGES, FORMULAS, PLACES] = [200, 40, 12];
/** From one look to the next, seconds. */
const LOOK_SECONDS = 3;
/** Looks of each viewer: a quarter of an hour to fill the caches, then half of that counted. */
const WARMUP = 300;
const COUNTED = WARMUP / 2;
const BROWSER_TILES = 64e6 / TILE_BYTES;
const GIGABYTES = [0.1, 0.3, 1, 3, 10, 30] as const;
/** Of larger crowds: up to more than all that they are shown. */
const CROWDS = [
  { viewers: 10, gigabytes: GIGABYTES },
  { viewers: 100, gigabytes: GIGABYTES },
  { viewers: 1_000, gigabytes: [...GIGABYTES, 100, 300] },
  { viewers: 10_000, gigabytes: [...GIGABYTES, 100, 300, 1_000] },
] as const;
/** Of a hundred viewers. */
const PAIRS = ([0.3, 1] as const).flatMap((front) => ([1, 3, 10] as const).map((back) => ({ front, back })));

const seed = Number(process.argv[2] ?? 1);
const world: World = {
  seed,
  images: new Popularity(IMAGES, 1),
  formulas: new Popularity(FORMULAS, 2),
  places: new Popularity(PLACES, 1),
  zooms: 9,
};

for (const { viewers, gigabytes } of CROWDS) {
  const one = new OneCache(gigabytes.map(tilesIn));
  const two = viewers === 100 ? PAIRS.map(({ front, back }) => new TwoCaches(tilesIn(front), tilesIn(back))) : [];
  const crowd: Crowd = { world, viewers, warmup: WARMUP, counted: COUNTED, browserTiles: BROWSER_TILES };
  const shown = watch(crowd, [one, ...two]);
  print(tableOfOne(one, gigabytes, shown, viewers));
  if (two.length > 0) print(tableOfTwo(two, shown, viewers));
}

function tableOfOne(cache: OneCache, gigabytes: readonly number[], shown: Shown, viewers: number): readonly string[] {
  const row = (name: string, tiles: number, hits: number, rendered: number) => {
    const shares = [shown.browser, hits, rendered].map(share(shown)).join(" | ");
    const rates = [rendered, shown.shown - shown.browser].map(perSecond(viewers)).join(" | ");
    return `| ${name} | ${tiles.toLocaleString("en")} | ${shares} | ${rates} |`;
  };
  return [
    `| ${viewers} viewers: cache | tiles | browser | nginx | rendered | renders/s per 100 viewers | asked/s per 100 viewers |`,
    "|---:|---:|---:|---:|---:|---:|---:|",
    row("none", 0, 0, shown.shown - shown.browser),
    ...cache.outcomes().map(({ size, hits, rendered }, at) => row(`${gigabytes[at]} GB`, size, hits, rendered)),
  ];
}

function tableOfTwo(caches: readonly TwoCaches[], shown: Shown, viewers: number): readonly string[] {
  return [
    "| nginx | Redis | browser | nginx | Redis | rendered | renders/s per 100 viewers |",
    "|---:|---:|---:|---:|---:|---:|---:|",
    ...caches.map(({ counts }, at) => {
      const shares = [shown.browser, counts.front, counts.back, counts.rendered].map(share(shown)).join(" | ");
      const { front, back } = PAIRS[at] ?? {};
      return `| ${front} GB | ${back} GB | ${shares} | ${perSecond(viewers)(counts.rendered)} |`;
    }),
  ];
}

function print(table: readonly string[]): void {
  process.stdout.write(`${table.join("\n")}\n\n`);
}

function tilesIn(gigabytes: number): number {
  return (gigabytes * 1e9) / TILE_BYTES;
}

function share({ shown }: Shown): (count: number) => string {
  return (count) => `${((100 * count) / shown).toFixed(1)} %`;
}

/** For a hundred viewers. */
function perSecond(viewers: number): (count: number) => string {
  return (count) => ((count / (COUNTED * LOOK_SECONDS) / viewers) * 100).toFixed(0);
}
