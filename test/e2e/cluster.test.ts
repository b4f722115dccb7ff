import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createWsClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type Cluster, startCluster } from "../fixtures/cluster.ts";
import { startRedis } from "../fixtures/redis.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { type SignedS3, startSignedS3 } from "../fixtures/signed-s3.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";

/** 11 × 11 tiles. */
const SIDE = 11 * 256;
const CLIENTS = 50;
/** Requests at a time of the load beside which something fails. */
const LOAD = 8;
/** Images under load: each lies in four neighbourhoods, and all of them are surely not one server's. */
const IMAGES = 12;
/** Thirty times the five seconds in which caches are to fill again: a hang. */
const AGAIN_WITHIN_MS = 150_000;
/** Of tests in which something fails: all that is waited for has limits of its own. */
const TIMEOUT_MS = 300_000;

const TOKEN = "the-token-of-this-suite";

const data = mkdtempSync(join(tmpdir(), "bandloom-cluster-"));
let cluster: Cluster;
/** One server with the same images and no cache but its memory: what it gives is right. */
let alone: RunningServer;
let s3: SignedS3;

beforeAll(async () => {
  const value = (x: number, y: number, sample: number) => (x * 3 + y * 7 + sample * 50) % 251;
  const layout = { width: SIDE, height: SIDE, samples: 2, planar: true, tile: [256, 256], codec: "deflate" } as const;
  const plate = buildTiff({ directories: [{ ...layout, value }] });
  writeFileSync(join(data, "plate.tif"), plate);
  for (let image = 0; image < IMAGES; image++) writeFileSync(join(data, `load-${image}.tif`), plate);
  s3 = await startSignedS3({ files: { "scans/far.tif": plate } });
  const catalogue = join(data, "elsewhere.yaml");
  writeFileSync(catalogue, `images:\n  far:\n    source: s3://${s3.bucket}/scans/far.tif\n`);
  const environment = {
    ...s3.environment,
    BANDLOOM_CATALOGUE: catalogue,
    BANDLOOM_ALLOWED_SOURCES: `s3://${s3.bucket}/scans`,
    BANDLOOM_S3_ENDPOINT: s3.endpoint,
    BANDLOOM_S3_PATH_STYLE: "true",
    BANDLOOM_ADMIN_TOKEN: TOKEN,
  };
  [cluster, alone] = await Promise.all([
    // One render is waited for longer than any pause of the machine: what is counted are renders, not patience.
    startCluster({ data, environment: { ...environment, BANDLOOM_FLIGHT_WAIT_MS: "4000" } }),
    startServer({ data, environment: { ...environment, BANDLOOM_CACHE_BYTES: "0" } }),
  ]);
});
afterAll(async () => {
  await cluster?.stop();
  await alone?.stop();
  await s3?.close();
  rmSync(data, { recursive: true, force: true });
});

interface Tiles<Tile> {
  readonly image: { readonly render: { readonly tiles: { readonly nodes: readonly Tile[] } } };
}

async function range<Tile>(formula: string, fields: string, to = 10, key = "plate"): Promise<readonly Tile[]> {
  const query = `query Tiles($formula: String!) { image(key: "${key}") { render(formula: $formula) {
    tiles(level: 0, x: { from: 0, to: ${to} }, y: { from: 0, to: ${to} }) { nodes { ${fields} } } } } }`;
  const answer = await fetch(`${cluster.nginx.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables: { formula } }),
  });
  const { data: found, errors } = (await answer.json()) as { data: Tiles<Tile>; errors?: unknown };
  expect(errors).toBeUndefined();
  return found.image.render.tiles.nodes;
}

async function bytesOf(url: string): Promise<string> {
  const answer = await fetch(url);
  if (answer.status !== 200) throw new Error(`${answer.status} of ${url}: ${await answer.text()}`);
  return Buffer.from(await answer.arrayBuffer()).toString("base64");
}

describe("a range of 121 tiles through nginx", () => {
  let urls: readonly string[];
  const bytes = new Map<string, string>();

  it("is rendered once in all of the cluster, under fifty clients that want all of it at once, and equal for all", async () => {
    urls = (await range<{ url: string }>("window(b1 + 2*b2, 0, 765)", "url")).map(({ url }) => url);
    expect(new Set(urls).size).toBe(121);
    const before = await cluster.rendered();
    await Promise.all(
      Array.from({ length: CLIENTS }, async (_, client) => {
        // Each begins somewhere else.
        for (let index = 0; index < urls.length; index++) {
          const url = urls[(index + client * 7) % urls.length] ?? "";
          const found = await bytesOf(cluster.nginx.url + url);
          if (!bytes.has(url)) bytes.set(url, found);
          expect(found === bytes.get(url), url).toBe(true);
        }
      }),
    );
    expect((await cluster.rendered()) - before).toBe(121);
  }, 300_000);

  it("is what one server alone gives, at the same addresses", async () => {
    for (const url of urls.filter((_, index) => index % 12 === 0))
      expect((await bytesOf(alone.url + url)) === bytes.get(url), url).toBe(true);
  });

  it("comes inside an answer of GraphQL without being rendered again", async () => {
    const before = await cluster.rendered();
    const nodes = await range<{ url: string; base64: string }>("window(b1 + 2*b2, 0, 765)", "url base64");
    expect(nodes).toHaveLength(121);
    for (const { url, base64 } of nodes) expect(base64 === bytes.get(url), url).toBe(true);
    expect(await cluster.rendered()).toBe(before);
  });

  it("is read from S3 as from a disk, by requests whose signatures are checked", async () => {
    const nodes = await range<{ base64: string }>("window(b1 + 2*b2, 0, 765)", "base64", 2, "far");
    const same = await range<{ base64: string }>("window(b1 + 2*b2, 0, 765)", "base64", 2);
    expect(nodes).toEqual(same);
    expect(s3.requests.length).toBeGreaterThan(0);
  });
});

describe("work that takes a while, through nginx", () => {
  it("comes as events, each as soon as it is there", async () => {
    const client = createSseClient({ url: `${cluster.nginx.url}/graphql/stream`, retryAttempts: 0 });
    const query = `subscription { tiles(input: { imageKey: "plate", formula: "window(sobel(b1), 0, 99)", level: 0,
      x: { from: 0, to: 3 }, y: { from: 0, to: 3 } }) { x y url } }`;
    const places = new Set<string>();
    for await (const { data, errors } of client.iterate<{ tiles: { x: number; y: number; url: string } }>({ query })) {
      expect(errors).toBeUndefined();
      if (data) places.add(`${data.tiles.x} ${data.tiles.y}`);
    }
    client.dispose();
    expect(places.size).toBe(16);
  });

  it("is done ahead of use by the render servers, watched over a WebSocket, and then nothing is rendered", async () => {
    const formula = "window(b1 - b2, -99, 99)";
    const begun = await fetch(`${cluster.nginx.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({
        query: `mutation { prerender(input: { imageKey: "plate", formula: "${formula}", levels: [0] }) { job { id total } } }`,
      }),
    });
    const { data: answer } = (await begun.json()) as { data: { prerender: { job: { id: string; total: number } } } };
    const { id, total } = answer.prerender.job;
    expect(total).toBe(121);
    const client = createWsClient({
      url: `${cluster.nginx.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    const query = `subscription { jobUpdated(id: "${id}") { state completed failed } }`;
    let last: unknown = null;
    for await (const { data } of client.iterate<{ jobUpdated: { state: string } }>({ query })) {
      last = data?.jobUpdated;
    }
    await client.dispose();
    expect(last).toEqual({ state: "COMPLETED", completed: 121, failed: 0 });
    const before = await cluster.rendered();
    const urls = (await range<{ url: string }>(formula, "url")).map(({ url }) => url);
    await Promise.all(urls.map((url) => bytesOf(cluster.nginx.url + url)));
    expect(await cluster.rendered()).toBe(before);
  }, 120_000);
});

/** Tiles that nobody asked for before: another formula each time. */
let serial = 0;
function freshTile(versions: readonly string[]): string {
  serial++;
  const image = serial % IMAGES;
  const formula = encodeURIComponent(`window(b1 + ${serial} * b2, 0, ${20_000 + serial})`);
  return `/tiles/load-${image}/4/${serial % 11}/${(serial * 3) % 11}.jpg?f=${formula}&v=${versions[image]}`;
}

/** `v` of the addresses of each image. */
async function versionsOf(): Promise<readonly string[]> {
  const keys = Array.from({ length: IMAGES }, (_, image) => `load-${image}`);
  const tiles = await Promise.all(keys.map((key) => range<{ url: string }>("b1+0", "url", 0, key)));
  return tiles.map(([tile]) => /[?&]v=([0-9a-f]+)/.exec(tile?.url ?? "")?.[1] ?? "");
}

interface LoadReport {
  readonly tiles: ReadonlyMap<string, string>;
  readonly failures: readonly string[];
}

/** Asks for fresh tiles, some at a time, while something happens. */
async function underLoad(happens: (asked: () => number) => Promise<void>): Promise<LoadReport> {
  const versions = await versionsOf();
  const tiles = new Map<string, string>();
  const failures: string[] = [];
  let over = false;
  const client = async () => {
    while (!over) {
      const path = freshTile(versions);
      await bytesOf(cluster.nginx.url + path).then(
        (found) => tiles.set(path, found),
        (error: unknown) => failures.push(String(error)),
      );
    }
  };
  const clients = Promise.all(Array.from({ length: LOAD }, client));
  try {
    await happens(() => tiles.size + failures.length);
  } finally {
    // Whatever happened, none of them goes on beside other tests.
    over = true;
    await clients;
  }
  return { tiles, failures };
}

/** Waits until so many more tiles have been asked for. */
async function more(asked: () => number, count: number): Promise<void> {
  const until = asked() + count;
  while (asked() < until) await sleep(5);
}

async function expectAllRight({ tiles, failures }: LoadReport): Promise<void> {
  expect(failures).toEqual([]);
  const paths = [...tiles.keys()];
  // As many as do not take longer than the load itself.
  for (const path of paths.filter((_, index) => index % Math.ceil(paths.length / 40) === 0))
    expect((await bytesOf(alone.url + path)) === tiles.get(path), path).toBe(true);
}

describe("under load no tile fails and none is wrong", () => {
  it(
    "while a render server is killed; it comes back and takes its share",
    async () => {
      const [victim] = cluster.render;
      if (!victim) throw new Error("no render server");
      const report = await underLoad(async (asked) => {
        await more(asked, 40);
        process.kill(victim.pid(), "SIGKILL");
        await more(asked, 100);
        const deadline = performance.now() + AGAIN_WITHIN_MS;
        const share = () => victim.metric("bandloom_pictures_rendered_total").catch(() => 0);
        while ((await share()) < 10) {
          if (performance.now() > deadline) throw new Error("It did not take its share again.");
          await sleep(50);
        }
      });
      await expectAllRight(report);
    },
    TIMEOUT_MS,
  );

  it(
    "while Redis is killed; caches fill again when it is back",
    async () => {
      const { cache } = cluster;
      let filled = Number.POSITIVE_INFINITY;
      const report = await underLoad(async (asked) => {
        await more(asked, 40);
        await cache.stop();
        await more(asked, 80);
        const again = await startRedis({ port: cache.port });
        // For the tests that follow, too.
        Object.assign(cache, again);
        const back = performance.now();
        while ((await again.admin.dbsize()) < 20 && performance.now() - back < AGAIN_WITHIN_MS) await sleep(20);
        filled = performance.now() - back;
        await more(asked, 20);
      });
      await expectAllRight(report);
      expect(filled).toBeLessThan(AGAIN_WITHIN_MS);
    },
    TIMEOUT_MS,
  );

  const faults: readonly (readonly [string, (cluster: Cluster) => Promise<() => Promise<void>>])[] = [
    [
      "hangs",
      async ({ cache }) => {
        cache.freeze();
        return async () => cache.thaw();
      },
    ],
    [
      "is full",
      async ({ cache }) => {
        await cache.admin.config("SET", "maxmemory", "1mb", "maxmemory-policy", "noeviction");
        return async () => void (await cache.admin.config("SET", "maxmemory", "0"));
      },
    ],
    [
      "may only be read",
      async ({ cache }) => {
        await cache.admin.replicaof("127.0.0.1", 1);
        return async () => void (await cache.admin.call("REPLICAOF", "NO", "ONE"));
      },
    ],
    [
      "is emptied again and again",
      async ({ cache }) => {
        let over = false;
        const flushing = (async () => {
          while (!over) await cache.admin.flushall().then(() => sleep(20));
        })();
        return async () => {
          over = true;
          await flushing;
        };
      },
    ],
  ];
  it.each(faults)(
    "while Redis %s",
    async (_, fault) => {
      const report = await underLoad(async (asked) => {
        await more(asked, 20);
        const mend = await fault(cluster);
        try {
          await more(asked, 80);
        } finally {
          await mend();
        }
        await more(asked, 40);
      });
      await expectAllRight(report);
    },
    TIMEOUT_MS,
  );
});
