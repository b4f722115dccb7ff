/**
 * A process of its own: `spoiled-store FOLDER HOW SEED` fills a store, spoils pages of it while it is open, and goes on reading tiles and
 * writing those that are missing until it has them all again. `spoiled-store FOLDER` only goes on. Prints what it saw as JSON.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createTileCache } from "../../src/cache/index.ts";
import { randomBelow } from "../fixtures/damage.ts";
import { ANYTHING } from "./support.ts";

const TILES = 300;
const PAGE = 4096;
/** LMDB's first two pages say where everything else lies. */
const FIRST = 2;
const GIVE_UP_MS = 60_000;

const [folder = "", how = "", seed = "0"] = process.argv.slice(2);
const lines: string[] = [];
const cache = await createTileCache({
  ...{ memoryBytes: 0, redisUrl: null, folder, embeddedBytes: 2 ** 28, openWaitMs: 60_000 },
  log: (line) => lines.push(line),
});
const keys = Array.from({ length: TILES }, (_, n) => createHash("sha256").update(String(n)).digest("hex"));
const bytesOf = (n: number) => new Uint8Array(Buffer.alloc(200 + ((n * 7919) % 9000), `${n};`));

async function put(tiles: readonly number[]): Promise<void> {
  for (const n of tiles) cache.set(keys[n] ?? "", { bytes: bytesOf(n) });
  await cache.flush();
}

/** Tiles that are missing; throws where one is wrong. */
async function missing(): Promise<number[]> {
  const hits = await cache.get(keys, ANYTHING);
  return hits.flatMap((hit, n) => {
    if (!hit) return [n];
    if (Buffer.compare(hit.tile.bytes, bytesOf(n)) !== 0) throw new Error(`Tile ${n} is wrong.`);
    return [];
  });
}

function spoil(): void {
  const below = randomBelow(Number(seed));
  const file = join(folder, "tiles-1", "data.mdb");
  const before = readFileSync(file);
  const pages = before.length / PAGE;
  const anyPage = () => PAGE * (FIRST + below(pages - FIRST));
  const noise = (length: number) => Buffer.from(Array.from({ length }, () => below(256)));
  const page = (at: number) => before.subarray(at, at + PAGE);
  const descriptor = openSync(file, "r+");
  const write = (bytes: Buffer, at: number) => writeSync(descriptor, bytes, 0, bytes.length, at);
  const ways: Readonly<Record<string, () => void>> = {
    emptied: () => write(Buffer.alloc(PAGE), anyPage()),
    swapped: () => write(page(anyPage()), anyPage()),
    headless: () => write(noise(8), anyPage() + 16),
    noisy: () => write(noise(64), anyPage() + below(PAGE - 64)),
  };
  for (let n = 1 + below(pages / 4); n > 0; n--) ways[how]?.();
  closeSync(descriptor);
}

if (how !== "") {
  for (let n = 0; n < TILES; n += 50) await put(Array.from({ length: 50 }, (_, k) => n + k));
  spoil();
}
const deadline = performance.now() + GIVE_UP_MS;
let lost = await missing();
while (lost.length > 0 && performance.now() < deadline) {
  await put(lost);
  await sleep(100);
  lost = await missing();
}
process.stdout.write(JSON.stringify({ missing: lost.length, lines }));
await cache.close();
process.exit(0);
