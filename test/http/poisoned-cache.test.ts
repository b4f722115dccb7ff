import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHECKED, envelopeOf } from "../../src/cache/envelope.ts";
import { RedisKeys } from "../../src/cache/redis-keys.ts";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { IMAGES } from "./images.ts";
import { measured, type Running, runServer } from "./running.ts";

const PAGE = Buffer.from("<!doctype html><script>alert(document.domain)</script>");
const PNG = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
const SIGNING = { keys: [{ id: "a", secret: Buffer.alloc(32, 7) }], hours: null };
const PATIENT_MS = 60_000;
const names = new RedisKeys("bandloom:");

let redis: RedisServer;
let files: Running;
beforeAll(async () => {
  redis = await startRedis();
  files = await runServer(IMAGES, { role: "files" });
});
afterAll(async () => {
  await files.close();
  await redis.stop();
});

interface Tile {
  readonly url: string;
  readonly dataUri: string;
}

/** Of a JPEG, another for each number. */
async function tileOf<Field extends keyof Tile>(server: Running, field: Field, n: number): Promise<Tile[Field]> {
  const query = `{ image(key: "odd") { render(formula: "window(b1, 0, ${n})") { tile(level: 0, x: 0, y: 0) { ${field} } } } }`;
  const headers = { "content-type": "application/json" };
  const answer = await server.get("/graphql", { method: "POST", headers, body: JSON.stringify({ query }) });
  const { data } = (await answer.json()) as { data: { image: { render: { tile: Tile } } } };
  return data.image.render.tile[field];
}

async function fetched(server: Running, path: string) {
  const answer = await server.get(path);
  const type = answer.headers.get("content-type");
  const cache = answer.headers.get("x-bandloom-cache");
  return { status: answer.status, type, cache, bytes: Buffer.from(await answer.arrayBuffer()) };
}

/** What was put in place of the tile that lies under a key, of which these are the bytes. */
type Poison = (key: string, bytes: Uint8Array) => Buffer;

const LIES: readonly (readonly [string, Poison])[] = [
  ["a page", (key) => CHECKED.seal(key, { bytes: PAGE })],
  ["nothing", (key) => CHECKED.seal(key, { bytes: Buffer.alloc(0) })],
  ["a picture of another format", (key) => CHECKED.seal(key, { bytes: PNG })],
  ["a tile that is cut short", (key, bytes) => CHECKED.seal(key, { bytes }).subarray(0, -1)],
];

describe.each([
  ["without keys", undefined, LIES],
  [
    "with keys",
    SIGNING,
    [
      ...LIES,
      ["the tile itself, unsigned,", (key: string, bytes: Uint8Array) => CHECKED.seal(key, { bytes })],
      ["a page that is signed by another", (key: string) => envelopeOf([{ secret: PAGE }]).seal(key, { bytes: PAGE })],
    ] satisfies typeof LIES,
  ],
])("a server on a Redis that others can write to, %s", (_, signing, lies) => {
  let one: Running;
  let other: Running;
  beforeAll(async () => {
    const signs = signing ? { signing } : {};
    // The file server is asked without signatures.
    const shared = { filesUrl: files.url, redisUrl: redis.url, flightWaitMs: PATIENT_MS, ...signs };
    one = await runServer({}, shared);
    other = await runServer({}, shared);
  });
  afterAll(async () => {
    await other.close();
    await one.close();
  });

  const cases = lies.map(([what, poison], n) => ({ what, poison, n }));
  it.each(cases)(
    "renders what it was asked for where $what lies under its key, and writes over it",
    async (planted) => {
      const { poison, n } = planted;
      await redis.admin.flushall();
      const path = await tileOf(one, "url", 100 + n);
      const first = await fetched(one, path);
      expect(first).toMatchObject({ status: 200, type: "image/jpeg", cache: "RENDERED" });
      await expect.poll(() => redis.admin.keys(names.tiles)).toHaveLength(1);
      const [name = ""] = await redis.admin.keys(names.tiles);
      const written = await redis.admin.getBuffer(name);
      await redis.admin.set(name, poison(names.keyOf(name) ?? "", first.bytes));
      expect(await fetched(other, path)).toEqual(first);
      await expect.poll(() => redis.admin.getBuffer(name)).toEqual(written);
    },
  );

  it("takes from it what another server has made", async () => {
    await redis.admin.flushall();
    const path = await tileOf(one, "url", 200);
    const first = await fetched(one, path);
    await expect.poll(() => redis.admin.keys(names.tiles)).toHaveLength(1);
    expect(await fetched(other, path)).toEqual({ ...first, cache: "REDIS" });
  });
});

describe("a server that has pictures made elsewhere", () => {
  let whole: Running;
  let render: Running;
  beforeAll(async () => {
    whole = await runServer({}, { filesUrl: files.url });
    render = await runServer({}, { role: "render", filesUrl: files.url });
  });
  afterAll(async () => {
    await render.close();
    await whole.close();
  });

  /** What comes of a tile whose maker's answer is changed on its way. */
  async function through(change: (bytes: Buffer) => { readonly type: string; readonly bytes: Buffer }, n: number) {
    const listener: RequestListener = async (request, response) => {
      const answer = await render.get(request.url ?? "");
      const { type, bytes } = change(Buffer.from(await answer.arrayBuffer()));
      response.writeHead(answer.status, { "content-type": type, etag: answer.headers.get("etag") ?? "" }).end(bytes);
    };
    const middle = createServer(listener).listen(0, "127.0.0.1");
    await new Promise((resolve) => middle.once("listening", resolve));
    const renderUrl = `http://127.0.0.1:${(middle.address() as AddressInfo).port}`;
    const api = await runServer({}, { role: "api", filesUrl: files.url, renderUrl });
    try {
      const [wanted, got] = [await tileOf(whole, "dataUri", n), await tileOf(api, "dataUri", n)];
      return { wanted, got, made: await measured(api, "bandloom_pictures_rendered_total") };
    } finally {
      await api.close();
      middle.closeAllConnections();
      middle.close();
    }
  }

  it("says itself what they are", async () => {
    const { wanted, got, made } = await through((bytes) => ({ type: "text/html", bytes }), 300);
    expect(got).toMatch(/^data:image\/jpeg;base64,/);
    expect([got, made]).toEqual([wanted, 0]);
  });

  it.each([
    ["a page", PAGE],
    ["nothing", Buffer.alloc(0)],
    ["a picture of another format", PNG],
  ])("makes them where %s comes in their place", async (_, bytes) => {
    const { wanted, got, made } = await through(() => ({ type: "image/jpeg", bytes }), 301 + bytes.length);
    expect([got, made]).toEqual([wanted, 1]);
  });
});
