import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";

/** 11 × 11 tiles. */
const SIDE = 11 * 256;
const CLIENTS = 50;

const data = mkdtempSync(join(tmpdir(), "bandloom-replicas-"));
let redis: RedisServer;
/** Patient ones: each waits for what the other renders as long as it takes, since renders are counted, not patience. */
let servers: readonly RunningServer[];
beforeAll(async () => {
  const value = (x: number, y: number, sample: number) => (x * 3 + y * 7 + sample * 50) % 251;
  const layout = { width: SIDE, height: SIDE, samples: 2, planar: true, tile: [256, 256], codec: "deflate" } as const;
  writeFileSync(join(data, "plate.tif"), buildTiff({ directories: [{ ...layout, value }] }));
  redis = await startRedis();
  servers = await startTwo({ BANDLOOM_FLIGHT_WAIT_MS: "30000", BANDLOOM_REDIS_TIMEOUT_MS: "10000" });
});
afterAll(async () => {
  await Promise.all((servers ?? []).map((server) => server.stop()));
  await redis?.stop();
  rmSync(data, { recursive: true, force: true });
});

function startTwo(settings: Readonly<Record<string, string>> = {}): Promise<RunningServer[]> {
  const environment = { REDIS_URL: redis.url, ...settings };
  return Promise.all([startServer({ data, environment }), startServer({ data, environment })]);
}

it("two servers of one Redis render each of 121 tiles once, under fifty clients that want all of them at once", async () => {
  const { image } = await (servers[0] as RunningServer).query<{
    image: { render: { tiles: { nodes: readonly { url: string }[] } } };
  }>(
    '{ image(key: "plate") { render(formula: "window(b1 + 2*b2, 0, 765)") { tiles(level: 0, x: { from: 0, to: 10 }, y: { from: 0, to: 10 }) { nodes { url } } } } }',
  );
  const urls = image.render.tiles.nodes.map(({ url }) => url);
  expect(urls).toHaveLength(121);
  const outcomes = new Map<string, number>();
  const bytes = new Map<string, string>();
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      const { url: base } = servers[client % servers.length] as RunningServer;
      // Each begins somewhere else.
      for (let index = 0; index < urls.length; index++) {
        const url = urls[(index + client * 7) % urls.length] ?? "";
        const answer = await fetch(base + url);
        expect(answer.status).toBe(200);
        const outcome = answer.headers.get("x-bandloom-cache") ?? "";
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        const text = Buffer.from(await answer.arrayBuffer()).toString("base64");
        if (!bytes.has(url)) bytes.set(url, text);
        expect(text === bytes.get(url), url).toBe(true);
      }
    }),
  );
  expect(outcomes.get("RENDERED")).toBe(121);
  expect([...outcomes.values()].reduce((sum, count) => sum + count)).toBe(CLIENTS * 121);
}, 300_000);

it("a batch of tiles that two servers are asked for at once is shared between them", async () => {
  const query = `{ image(key: "plate") { render(formula: "window(b1 - b2, -250, 250)") {
    tiles(level: 0, x: { from: 0, to: 5 }, y: { from: 0, to: 5 }) { nodes { base64 cache } } } } }`;
  interface Answer {
    readonly image: {
      readonly render: { readonly tiles: { readonly nodes: readonly { base64: string; cache: string }[] } };
    };
  }
  const answers = await Promise.all(servers.map((server) => server.query<Answer>(query)));
  const lists = answers.map(({ image }) => image.render.tiles.nodes);
  const rendered = lists.flat().filter(({ cache }) => cache === "RENDERED").length;
  expect(rendered).toBe(36);
  expect(lists[0]?.map(({ base64 }) => base64)).toEqual(lists[1]?.map(({ base64 }) => base64));
});

it("no tile fails while Redis hangs, is gone, or comes back empty", async () => {
  // As patient as servers are when nobody says anything.
  const usual = await startTwo();
  onTestFinished(async () => void (await Promise.all(usual.map((server) => server.stop()))));
  const get = async (n: number) => {
    const { url } = usual[n % 2] as RunningServer;
    const formula = encodeURIComponent(`window(b1 + ${n}, 0, 765)`);
    return (await fetch(`${url}/tiles/plate/4/${n % 11}/${n % 7}.jpg?f=${formula}`)).status;
  };
  const all = (from: number) => Promise.all(Array.from({ length: 24 }, (_, n) => get(from + n)));
  redis.freeze();
  expect(new Set(await all(100))).toEqual(new Set([200]));
  redis.thaw();
  await redis.stop();
  expect(new Set(await all(200))).toEqual(new Set([200]));
  redis = await startRedis({ port: redis.port });
  expect(new Set(await all(300))).toEqual(new Set([200]));
}, 300_000);
