/** A process of its own: `writer FOLDER COUNT` stores tiles 0 … COUNT−1 and prints how many are committed. */
import { createHash } from "node:crypto";
import { createTileCache } from "../../src/cache/index.ts";

const [folder = "", count = "0"] = process.argv.slice(2);
const cache = await createTileCache({
  memoryBytes: 0,
  redisUrl: null,
  folder,
  embeddedBytes: 4096 * 2 ** 20,
  // What is stored before it is open is dropped.
  openWaitMs: 60_000,
  log: (line) => process.stderr.write(`${line}\n`),
});
for (let n = 0; n < Number(count); n++) {
  const key = createHash("sha256").update(String(n)).digest("hex");
  cache.set(key, { bytes: new Uint8Array(Buffer.alloc(20_000, `${n};`)) });
  if (n % 25 === 24) {
    await cache.flush();
    process.stdout.write(`${n + 1}\n`);
  }
}
await cache.close();
