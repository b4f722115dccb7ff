/**
 * `npm run simulate [-- SEED]`: how often each layer of caches has a tile, for people who pan and zoom, by the caches' sizes. Prints
 * the tables of docs/scale.md; the same for the same seed.
 */
import { type Outcome, pastCaches, type Requests, requestsOf } from "./layers.ts";
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
const VIEWERS = [10, 100] as const;
const GIGABYTES = [0.1, 0.3, 1, 3, 10, 30] as const;

const seed = Number(process.argv[2] ?? 1);
const world: World = {
  seed,
  images: new Popularity(IMAGES, 1),
  formulas: new Popularity(FORMULAS, 2),
  places: new Popularity(PLACES, 1),
  zooms: 9,
};

for (const viewers of VIEWERS) {
  const requests = requestsOf({ world, viewers, warmup: WARMUP, counted: COUNTED, browserTiles: BROWSER_TILES });
  const lines = [
    `| ${viewers} viewers: cache | tiles | browser | nginx | rendered | renders/s per 100 viewers | asked/s per 100 viewers |`,
    "|---:|---:|---:|---:|---:|---:|---:|",
    row("none", 0, requests, viewers),
    ...GIGABYTES.map((gigabytes) => row(`${gigabytes} GB`, (gigabytes * 1e9) / TILE_BYTES, requests, viewers)),
  ];
  process.stdout.write(`${lines.join("\n")}\n\n`);
  if (viewers !== 100) continue;
  const behind = [
    "| nginx | Redis | browser | nginx | Redis | rendered | renders/s per 100 viewers |",
    "|---:|---:|---:|---:|---:|---:|---:|",
    ...([0.3, 1] as const).flatMap((front) =>
      ([1, 3, 10] as const).map((back) => {
        const sizes = { nginx: (front * 1e9) / TILE_BYTES, redis: (back * 1e9) / TILE_BYTES };
        const outcome = pastCaches(requests, sizes);
        const shares = [outcome.browser, outcome.nginx, outcome.redis, outcome.rendered].map(share(outcome));
        return `| ${front} GB | ${back} GB | ${shares.join(" | ")} | ${perSecond(outcome.rendered, viewers)} |`;
      }),
    ),
  ];
  process.stdout.write(`${behind.join("\n")}\n\n`);
}

function row(name: string, tiles: number, requests: Requests, viewers: number): string {
  const outcome = pastCaches(requests, { nginx: tiles, redis: 0 });
  const shares = [outcome.browser, outcome.nginx, outcome.rendered].map(share(outcome));
  const asked = perSecond(outcome.shown - outcome.browser, viewers);
  return `| ${name} | ${tiles.toLocaleString("en")} | ${shares.join(" | ")} | ${perSecond(outcome.rendered, viewers)} | ${asked} |`;
}

function share({ shown }: Outcome): (count: number) => string {
  return (count) => `${((100 * count) / shown).toFixed(1)} %`;
}

/** For a hundred viewers. */
function perSecond(count: number, viewers: number): string {
  return ((count / (COUNTED * LOOK_SECONDS) / viewers) * 100).toFixed(0);
}
