import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endsBehind, Latch } from "../fixtures/latch.ts";
import { type RangeServer, startRangeServer } from "../fixtures/range-server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";
import { type Running, runServer } from "./running.ts";

/** Jobs that a worker holds where they wait for a network (SLOTS), and eight that may always wait. */
const ROOM = 12 + 8;

describe("a server that has more to do than it does in time", () => {
  const bytes = buildTiff({
    directories: [{ width: 2048, height: 2048, tile: [256, 256], codec: "deflate", seed: 6 }],
  });
  const latch = new Latch(endsBehind(bytes.length * 0.1));
  const folder = mkdtempSync(join(tmpdir(), "bandloom-overload-"));
  let files: RangeServer;
  let server: Running;
  beforeAll(async () => {
    files = await startRangeServer(new Map([["far.tif", bytes]]), { hold: latch.hold });
    // Images are looked at anew for every request.
    const remote = { allowed: [files.url], timeoutMs: 300_000, freshMs: 1 };
    const catalogueFile = join(folder, "catalogue.yaml");
    writeFileSync(catalogueFile, `images:\n  far:\n    source: ${files.url}/far.tif\n`);
    const options = {
      ...{ remote, catalogueFile, remoteCheckMs: 0 },
      ...{ sharing: { queueMs: 1 }, trustedProxies: ["127.0.0.1"] },
    };
    server = await runServer({}, options);
  });
  afterAll(async () => {
    latch.open();
    await server?.close();
    await files?.close();
    rmSync(folder, { recursive: true });
  });

  const by = (client: string) => ({ headers: { "x-forwarded-for": client } });
  const tile = (n: number, client: string) =>
    server.get(`/tiles/far/3/${n % 8}/${4 + Math.floor(n / 8)}.png?f=window(b1,0,255)`, by(client));

  it("refuses what would come too late, says when to try again, and lets another client in", async () => {
    // Of the first row, whose bytes are not held.
    const known = () => server.get("/tiles/far/3/0/0.png?f=window(b1,0,255)", by("192.0.2.1"));
    expect((await known()).status).toBe(200);
    const all = Array.from({ length: 30 }, (_, n) => tile(n, "192.0.2.1"));
    const refusals: Response[] = [];
    for (const one of all) void one.then((answer) => refusals.push(answer));
    await expect.poll(() => refusals.length).toBe(all.length - ROOM);
    const [refused] = refusals;
    expect(refused?.status).toBe(503);
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await refused?.json()).toMatchObject({
      code: "OVERLOADED",
      message: expect.stringContaining("Try again in"),
    });
    expect((await known()).status).toBe(200);
    // What another client asks for waits in its own turn.
    const other = tile(31, "192.0.2.2");
    latch.open();
    expect((await other).status).toBe(200);
    const statuses = (await Promise.all(all)).map(({ status }) => status);
    expect([200, 503].map((status) => statuses.filter((one) => one === status).length)).toEqual([
      ROOM,
      all.length - ROOM,
    ]);
  });
});

describe("a client that has used its seconds of the workers", () => {
  let server: Running;
  beforeAll(async () => {
    const options = { sharing: { clientSeconds: 1 }, trustedProxies: ["127.0.0.1"] };
    server = await runServer({ "near.tif": { width: 1024, height: 1024, tile: [256, 256] } }, options);
  });
  afterAll(() => server?.close());

  it("is told when there is more, in the headers that tools know; others are served", async () => {
    const ask = (n: number, client: string) =>
      server.get(`/regions/near/0,0,1024,1024/1024.png?f=window(exp(sin(exp(sin(b1%2B${n})))),0,1)`, {
        headers: { "x-forwarded-for": client },
      });
    let answer = await ask(0, "192.0.2.1");
    for (let n = 1; answer.status === 200 && n < 1_000; n++) answer = await ask(n, "192.0.2.1");
    expect(answer.status).toBe(429);
    const seconds = answer.headers.get("retry-after");
    expect(Number(seconds)).toBeGreaterThanOrEqual(1);
    expect(answer.headers.get("ratelimit-policy")).toBe('"work";q=1;w=60');
    expect(answer.headers.get("ratelimit")).toBe(`"work";r=0;t=${seconds}`);
    expect(await answer.json()).toMatchObject({ code: "QUOTA_EXCEEDED" });
    expect((await ask(0, "192.0.2.2")).status).toBe(200);
  });
});

describe("one operation that asks for much", () => {
  let server: Running;
  beforeAll(async () => {
    const stack = { width: 512, height: 512, tile: [256, 256] as const, samples: 15 };
    server = await runServer({ "stack.tif": stack }, { sharing: { queueMs: 1 } });
  });
  afterAll(() => server?.close());

  it("is one piece of work: none of its fields is refused for the sake of the others", async () => {
    const all = Array.from(
      { length: 12 },
      (_, n) => `p${n}: region(region: { x: 0, y: 0, width: ${400 + n}, height: 400 }) { byteLength }`,
    );
    const query = `{ image(key: "stack") { channels { statistics { mean } } render(formula: "b1 + b2") { ${all.join(" ")} } } }`;
    const answer = await server.get("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query }),
    });
    const { errors, data } = (await answer.json()) as { errors?: unknown; data: { image: { channels: unknown[] } } };
    expect([errors, data.image.channels.length]).toEqual([undefined, 15]);
  });
});
