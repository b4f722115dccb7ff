import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { open } from "lmdb";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { markClosed } from "../../src/cache/embedded/open.ts";
import { expectUnbroken, KeptTiles, TILES } from "../fixtures/kept-tiles.ts";

const STORE = "tiles-1";
const BINARY = { encoding: "binary", keyEncoding: "binary" } as const;

const tiles = new KeptTiles();
beforeAll(() => tiles.prepare());
afterEach(() => tiles.stop());
afterAll(() => tiles.remove());

const openTables = (store: string) => open<Buffer, Buffer>({ path: store, maxDbs: 4, ...BINARY });

/** Every value of a table, made anew. */
async function rewrite(store: string, table: string, to: (value: Buffer) => Buffer): Promise<void> {
  const root = openTables(store);
  const entries = root.openDB<Buffer, Buffer>(table, BINARY);
  const keys = [...entries.getKeys()].map((key) => Buffer.from(key));
  expect(keys.length).toBeGreaterThanOrEqual(TILES);
  await root.transaction(() => {
    for (const key of keys) void entries.put(key, to(entries.getBinary(key) ?? Buffer.alloc(0)));
  });
  await root.close();
}

describe("a store that another version left, in order", () => {
  it.each<readonly [string, (store: string) => Promise<void>]>([
    ["with values in another form", (store) => rewrite(store, "values", (value) => value.subarray(8))],
    ["with shorter entries", (store) => rewrite(store, "entries", (value) => value.subarray(0, 8))],
  ])(
    "%s gives no tile, and makes room for a new one",
    async (_, change) => {
      const cache = tiles.cacheFolder();
      const first = await tiles.start(cache);
      await tiles.expectRepaired(first, 0);
      expect(await first.stop()).toBe(0);
      await change(join(cache, STORE));
      markClosed({ folder: cache, name: STORE });
      const server = await tiles.start(cache);
      const pid = server.pid();
      expect(await tiles.goodRound(server, 0)).toBe(0);
      await tiles.expectRepaired(server, 0);
      await tiles.expectRepaired(server, 1);
      expectUnbroken(server, pid);
    },
    300_000,
  );

  it("in a folder of its own is left alone", async () => {
    const cache = tiles.cacheFolder();
    const other = join(cache, "tiles-0", "data.mdb");
    mkdirSync(dirname(other), { recursive: true });
    writeFileSync(other, "another layout");
    await tiles.expectRepaired(await tiles.start(cache), 0);
    expect(readFileSync(other, "utf8")).toBe("another layout");
  }, 300_000);
});
