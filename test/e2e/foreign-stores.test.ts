import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { open } from "lmdb";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { markClosed } from "../../src/cache/embedded/open.ts";
import { expectUnbroken, KeptTiles, TILES } from "../fixtures/kept-tiles.ts";

const STORE = "tiles-1";
const BINARY = { encoding: "binary", keyEncoding: "binary" } as const;
/** Of both pages that say what the file is: behind a header, a magic number and the version (lmdb's mdb.c). */
const [PAGES, MAGIC_AT, MAGIC, VERSION_AT] = [[0, 4096], 24, 0xbeefc0de, 28] as const;

const tiles = new KeptTiles();
/** A store that a server closed in order, with all tiles of a formula: each test changes a copy. */
let sound: string;
beforeAll(async () => {
  await tiles.prepare(2);
  sound = tiles.cacheFolder();
  const first = await tiles.start(sound);
  await tiles.expectRepaired(first, 0);
  expect(await first.stop()).toBe(0);
});
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

/** Tables that hold several values a key. */
async function otherTables(store: string): Promise<void> {
  rmSync(join(store, "data.mdb"));
  const root = openTables(store);
  for (const name of ["values", "entries", "ages"]) {
    await root.openDB<Buffer, Buffer>(name, { ...BINARY, dupSort: true }).put(Buffer.of(1), Buffer.of(2));
  }
  await root.close();
}

function otherFormat(store: string): void {
  const file = join(store, "data.mdb");
  const bytes = readFileSync(file);
  for (const page of PAGES) {
    expect(bytes.readUInt32LE(page + MAGIC_AT)).toBe(MAGIC);
    bytes.writeUInt32LE(99, page + VERSION_AT);
  }
  writeFileSync(file, bytes);
}

/** Notes that the store was closed in order, by a server with this version of lmdb; left out: by ours. */
function noteClosed(cache: string, lmdb?: string): void {
  markClosed({ folder: cache, name: STORE });
  const note = join(cache, STORE, "closed.json");
  if (lmdb !== undefined) writeFileSync(note, JSON.stringify({ ...JSON.parse(readFileSync(note, "utf8")), lmdb }));
}

interface Foreign {
  readonly change: (store: string) => Promise<void> | void;
  readonly lmdb?: string;
}

describe("a store that another version left, in order", () => {
  it.each<readonly [string, Foreign]>([
    ["with values in another form", { change: (store) => rewrite(store, "values", (value) => value.subarray(8)) }],
    ["with shorter entries", { change: (store) => rewrite(store, "entries", (value) => value.subarray(0, 8)) }],
    ["with another kind of tables", { change: otherTables }],
    ["in another format of LMDB", { change: otherFormat, lmdb: "1.0.0" }],
  ])(
    "%s gives no tile, and makes room for a new one",
    async (_, { change, lmdb }) => {
      const cache = tiles.cacheFolder();
      cpSync(sound, cache, { recursive: true });
      await change(join(cache, STORE));
      noteClosed(cache, lmdb);
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
