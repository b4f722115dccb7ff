/**
 * Threads make tiles and hand them over, then the main thread makes others in their place, one by one. Prints by how many bytes its memory
 * grew meanwhile, in which no more of it was ever in use. Needs --expose-gc.
 */
import { readFileSync } from "node:fs";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

const THREADS = 4;
const TILES = 2_800;
const TILE_BYTES = 24_000;
/** Tiles that are garbage at a time, at most. */
const COLLECT_EVERY = 100;

const tile = () => new Uint8Array(TILE_BYTES).fill(1);

if (isMainThread) {
  const tiles = [];
  const take = (made) => {
    for (const one of made) tiles.push(one);
    if (tiles.length === TILES) setImmediate(replace, tiles);
  };
  for (let n = 0; n < THREADS; n++) new Worker(new URL(import.meta.url)).once("message", take);
} else {
  // It stays: a thread that has ended leaves its arena to others.
  parentPort.on("message", () => {});
  const made = Array.from({ length: TILES / THREADS }, tile);
  parentPort.postMessage(
    made,
    made.map(({ buffer }) => buffer),
  );
}

function replace(tiles) {
  gc();
  const before = anonymousMemory();
  for (const n of tiles.keys()) {
    tiles[n] = tile();
    if (n % COLLECT_EVERY === 0) gc();
  }
  process.stdout.write(`${anonymousMemory() - before}`);
  process.exit();
}

function anonymousMemory() {
  return 1024 * Number(/RssAnon:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
}
