import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open as openLmdb } from "lmdb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAsClosed, markClosed } from "../../src/cache/embedded/open.ts";
import { CHECKED } from "../../src/cache/envelope.ts";
import { createTileCache, type TileCacheOptions } from "../../src/cache/index.ts";
import { RedisKeys } from "../../src/cache/redis-keys.ts";
import { purgeRow } from "../../src/service/purge.ts";
import { createState } from "../../src/state/index.ts";
import { keyOf, tileOf } from "../cache/support.ts";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";
import { bandloom, runHere } from "./program.ts";

/** More than one look at the names in Redis finds. */
const TILES = 700;
const DAY = 86_400;
/** A late answer of Redis would be a tile less. */
const PATIENT_MS = 60_000;
const folder = mkdtempSync(join(tmpdir(), "bandloom-cache-command-"));
const embedded = join(folder, "embedded");
let redis: RedisServer;

interface Place extends Pick<TileCacheOptions, "redisUrl" | "folder" | "sealing"> {}

async function fill(place: Place): Promise<void> {
  const rest = { memoryBytes: 0, embeddedBytes: 2 ** 26, redisTimeoutMs: PATIENT_MS, log: () => {} };
  const cache = await createTileCache({ ...rest, ...place });
  for (let n = 0; n < TILES; n++) cache.set(keyOf(n), tileOf(n));
  await cache.flush();
  await cache.close();
}

beforeAll(async () => {
  redis = await startRedis();
  await fill({ redisUrl: redis.url, folder: null });
  expect(await redis.admin.dbsize()).toBe(TILES);
  await fill({ redisUrl: null, folder: embedded });
});
afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("bandloom cache stats", () => {
  it("tells what the embedded store holds, and leaves it as it was", async () => {
    for (let round = 0; round < 2; round++) {
      const { code, stdout } = await bandloom(["cache", "stats", "--cache", embedded, "--json"]);
      const { store } = JSON.parse(stdout) as { store: { bytes: number; oldestSeconds: number } };
      expect([code, store]).toMatchObject([0, { tier: "embedded", entries: TILES, complete: true, memory: null }]);
      expect(store.bytes).toBeGreaterThan(TILES * 2_000);
      expect(store.oldestSeconds).toBeLessThan(3_600);
      // A server that starts now need not check it.
      expect(isAsClosed(join(embedded, "tiles-1"))).toBe(true);
    }
  });

  it("does not say of a store that a server has open that it was closed", async () => {
    const used = join(folder, "used");
    const cache = await createTileCache({
      ...{ memoryBytes: 0, redisUrl: null, folder: used, embeddedBytes: 2 ** 26, log: () => {} },
    });
    expect((await runHere(["cache", "stats", "--cache", used])).code).toBe(0);
    expect(isAsClosed(join(used, "tiles-1"))).toBe(false);
    await cache.close();
    expect(isAsClosed(join(used, "tiles-1"))).toBe(true);
  });

  it("tells what lies in Redis, and warns of policies that do not fit", async () => {
    const state = await startRedis({ args: ["--maxmemory-policy", "allkeys-lru"] });
    await redis.admin.set("of somebody else", "x");
    const urls = ["--redis-url", redis.url, "--state-redis-url", state.url];
    const { code, stdout, stderr } = await runHere(["cache", "stats", ...urls]);
    await state.stop();
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`tiles +${TILES}\n`));
    expect(stdout).toMatch(/policy +noeviction\n/);
    expect(stderr).toMatch(/REDIS_URL: its maxmemory-policy is noeviction/);
    expect(stderr).toMatch(/BANDLOOM_STATE_REDIS_URL: its maxmemory-policy is allkeys-lru/);
  });

  it("tells how large and how old the tiles in Redis are, by what is left of their thirty days", async () => {
    await redis.admin.expire(new RedisKeys("bandloom:").tile(keyOf(5)), 10 * DAY);
    const { code, stdout } = await runHere(["cache", "stats", "--redis-url", redis.url, "--json"]);
    const { store } = JSON.parse(stdout) as { store: Record<"bytes" | "oldestSeconds" | "newestSeconds", number> };
    expect([code, store]).toMatchObject([0, { tier: "redis", entries: TILES, complete: true }]);
    expect(store.bytes).toBeGreaterThan(TILES * 2_000);
    expect(Math.abs(store.oldestSeconds - 20 * DAY)).toBeLessThan(DAY / 2);
    expect(store.newestSeconds).toBeLessThan(DAY / 2);
  });

  it("says what is wrong where there is no cache, and where Redis does not answer", async () => {
    const none = await runHere(["cache", "stats", "--cache", join(folder, "none")]);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("holds no tile cache")]);
    const down = await runHere(["cache", "stats", "--redis-url", "redis://127.0.0.1:1"]);
    expect([down.code, down.stderr]).toEqual([1, expect.stringMatching(/does not answer.*ECONNREFUSED/)]);
  });
});

describe("bandloom cache verify", () => {
  it("finds and deletes the damaged tiles of the embedded store", async () => {
    const damaged = join(folder, "damaged");
    cpSync(embedded, damaged, { recursive: true });
    const binary = { encoding: "binary", keyEncoding: "binary" } as const;
    const root = openLmdb<Buffer, Buffer>({ path: join(damaged, "tiles-1"), maxDbs: 4, ...binary });
    const values = root.openDB<Buffer, Buffer>("values", binary);
    const key = Buffer.from(keyOf(7), "hex");
    const value = Buffer.from(values.getBinary(key) ?? []);
    value[1_000] = (value[1_000] ?? 0) ^ 1;
    await values.put(key, value);
    // And one of which nothing is known but its bytes: it would never be driven out.
    await root.openDB<Buffer, Buffer>("entries", binary).remove(Buffer.from(keyOf(8), "hex"));
    await root.close();
    markClosed({ folder: damaged, name: "tiles-1" });
    const first = await bandloom(["cache", "verify", "--cache", damaged, "--json"]);
    expect([first.code, JSON.parse(first.stdout)]).toEqual([1, { checked: TILES, damaged: 2, unchecked: 0 }]);
    expect(isAsClosed(join(damaged, "tiles-1"))).toBe(true);
    const second = await runHere(["cache", "verify", "--cache", damaged]);
    expect([second.code, second.stdout]).toEqual([0, `${TILES - 2} tiles were read: none is damaged.\n`]);
  });

  it("says of a store whose pages are damaged what to do, and does not end over it", async () => {
    const broken = join(folder, "broken");
    cpSync(embedded, broken, { recursive: true });
    const file = join(broken, "tiles-1", "data.mdb");
    writeFileSync(file, Buffer.alloc(statSync(file).size));
    const { code, stdout, stderr } = await bandloom(["cache", "verify", "--cache", broken]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/store itself is damaged.*begins a new one when it meets the damage/);
  });

  it("finds and deletes what does not belong in Redis, and touches nothing else", async () => {
    const names = new RedisKeys("bandloom:");
    await redis.admin.set(names.tile(keyOf(1)), "nonsense");
    await redis.admin.del(names.tile(keyOf(2)));
    await redis.admin.lpush(names.tile(keyOf(2)), "of another type");
    await redis.admin.setrange(names.tile(keyOf(3)), 8 * 2 ** 20, "x");
    await redis.admin.set("bandloom:tile:2:of-no-key", "x");
    await redis.admin.set("bandloom:state:1:presets", "of somebody else");
    const first = await runHere(["cache", "verify", "--redis-url", redis.url, "--json"]);
    expect([first.code, JSON.parse(first.stdout)]).toEqual([1, { checked: TILES + 1, damaged: 4, unchecked: 0 }]);
    const second = await runHere(["cache", "verify", "--redis-url", redis.url, "--json"]);
    expect([second.code, JSON.parse(second.stdout)]).toEqual([0, { checked: TILES - 3, damaged: 0, unchecked: 0 }]);
    expect(await redis.admin.exists("bandloom:state:1:presets")).toBe(1);
  });

  it("checks signed tiles with the servers' keys, and leaves them alone without", async () => {
    const [first, second] = [1, 2].map((fill) => ({ id: `k${fill}`, secret: Buffer.alloc(32, fill) }));
    if (!first || !second) throw new Error("no keys");
    const signed = await startRedis();
    const names = new RedisKeys("bandloom:");
    try {
      await fill({ redisUrl: signed.url, folder: null, sealing: [first] });
      await signed.admin.setrange(names.tile(keyOf(1)), 100, "x");
      await signed.admin.set(names.tile(keyOf(2)), CHECKED.seal(keyOf(2), tileOf(2)));
      const verified = async (keys: string, ...args: readonly string[]) => {
        const words = ["cache", "verify", "--redis-url", signed.url, ...args];
        const environment = keys === "" ? {} : { BANDLOOM_SIGNING_KEYS: keys };
        return bandloom(words, { environment });
      };
      const blind = await verified("", "--json");
      expect([blind.code, JSON.parse(blind.stdout)]).toEqual([1, { checked: 1, damaged: 0, unchecked: TILES - 1 }]);
      expect(blind.stderr).toContain(`${TILES - 1} tiles are signed and were not checked`);
      expect(await signed.admin.dbsize()).toBe(TILES);
      const [one, two] = [first, second].map(({ id, secret }) => `${id}:${secret.toString("hex")}`);
      const seeing = await verified(`${two},${one}`, "--json");
      expect([seeing.code, JSON.parse(seeing.stdout)]).toEqual([1, { checked: TILES, damaged: 2, unchecked: 0 }]);
      const again = await verified("", "--signing-keys", one ?? "");
      expect([again.code, again.stdout]).toEqual([0, `${TILES - 2} tiles were read: none is damaged.\n`]);
    } finally {
      await signed.stop();
    }
  }, 120_000);
});

describe("bandloom cache purge", () => {
  const data = join(folder, "data");
  async function purged(server: RunningServer, args: readonly string[], environment = {}): Promise<void> {
    const query =
      '{ image(key: "plate") { render(formula: "window(b1, 0, 200)") { hash tile(level: 0, x: 0, y: 0) { url } } } }';
    const { image } = await server.query<{ image: { render: { hash: string; tile: { url: string } } } }>(query);
    const { tile, hash } = image.render;
    const control = async () => (await fetch(server.url + tile.url)).headers.get("cache-control");
    expect(await control()).toContain("immutable");
    const words = args.map((word) => (word === "HASH" ? hash : word));
    const { code, stdout } = await bandloom(["cache", "purge", "--data", data, ...words], { environment });
    expect([code, stdout]).toEqual([0, expect.stringContaining("Purged: ")]);
    await expect.poll(control, { interval: 50 }).toBe("no-cache");
  }

  beforeAll(() => {
    cpSync(embedded, data, { recursive: true });
    mkdirSync(join(data, ".bandloom"));
    const layout = { width: 300, height: 300, value: (x: number) => x % 200 };
    writeFileSync(join(data, "plate.tif"), buildTiff({ directories: [layout] }));
  });

  it("is noticed by a running server of the same folder, and by one of the same state Redis", async () => {
    const server = await startServer({ data });
    for (const args of [["--image", "plate"], ["--formula", "HASH"], ["--all"]]) await purged(server, args);
    expect(await server.stop()).toBe(0);
    const environment = { REDIS_URL: redis.url, BANDLOOM_STATE_REDIS_URL: redis.url, BANDLOOM_REDIS_PREFIX: "one:" };
    const shared = await startServer({ data, environment });
    await purged(shared, ["--image", "plate"], environment);
    await shared.stop();
    expect(await redis.admin.exists("one:state:1:generations")).toBe(1);
  }, 120_000);

  it("of a key of no image is done, and says that there is none and which was meant", async () => {
    const tried = async (key: string, ...args: string[]) => {
      const { code, stdout, stderr } = await runHere(["cache", "purge", "--image", key, ...args]);
      expect([code, stdout]).toEqual([0, `Purged: pictures of ${key}.\n`]);
      return stderr;
    };
    expect(await tried("plate", "--data", data)).toBe("");
    expect(await tried("plats", "--data", data)).toBe(
      `bandloom: warn: There is no image "plats" in ${data} now; what was kept of one is purged. Did you mean "plate"?\n`,
    );
    const state = createState({ redisUrl: null, folder: join(data, ".bandloom"), log: () => {} });
    expect(await state.get("generations", purgeRow("image", "plats"))).not.toBeNull();
    await state.close();
    const catalogue = join(folder, "named.yaml");
    writeFileSync(catalogue, "images:\n  far/sky:\n    source: https://images.example.org/sky.tif\n");
    expect(await tried("far/sky", "--data", data, "--catalogue", catalogue)).toBe("");
    expect(await tried("far/sea", "--data", data, "--catalogue", catalogue)).toContain('"far/sky"');
    // Where no image is at hand nothing can be said of them.
    expect(await tried("plats", "--data", join(folder, "nowhere"), "--state-redis-url", redis.url)).toBe("");
  }, 120_000);

  it("asks the server that has the images, where one has", async () => {
    const files = await startServer({ data, environment: { BANDLOOM_ROLE: "files" } });
    const args = ["--files-url", files.url, "--cache", join(data, ".bandloom")];
    const stderrOf = async (key: string) => (await runHere(["cache", "purge", "--image", key, ...args])).stderr;
    expect(await stderrOf("plate")).toBe("");
    expect(await stderrOf("plats")).toContain(`There is no image "plats" in ${files.url} now`);
    await files.stop();
    expect(await stderrOf("plats")).toBe("");
  }, 120_000);

  it.each([
    [[], 2, "one of --image, --formula and --all"],
    [["--all", "--image", "plate"], 2, "one of --image, --formula and --all"],
    [["--formula", "red"], 2, "64 hex digits"],
    [["--all", "--redis-url", "redis://127.0.0.1:1"], 1, "BANDLOOM_STATE_REDIS_URL"],
    [["--all", "--data", join(folder, "nowhere")], 1, "There is no folder"],
  ])("%j is refused with what to do", async (args, exit, message) => {
    const { code, stderr } = await runHere(["cache", "purge", "--data", data, ...args]);
    expect([code, stderr]).toEqual([exit, expect.stringContaining(message)]);
  });
});
