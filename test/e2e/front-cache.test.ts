import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Nginx, startNginx } from "../fixtures/nginx.ts";
import { startTinyUpstream, type TinyUpstream } from "../fixtures/tiny-upstream.ts";
import { exchange, requestText } from "../http/running.ts";

/** As many at once. */
const CLIENTS = 40;

/** What nginx keeps and for how long, and whom it asks, with servers behind it that answer what a test wants. */
describe("the cache of nginx", () => {
  let servers: readonly TinyUpstream[];
  let nginx: Nginx;
  /** What came last to any of them. */
  let latest: IncomingMessage | undefined;
  /** Ends of answers that a test holds back. */
  const held: (() => void)[] = [];

  beforeAll(async () => {
    const start = () =>
      startTinyUpstream((request, response) => {
        const wanted = new URL(request.url ?? "", "http://a").searchParams;
        const cacheControl = wanted.get("cache-control") ?? "public, max-age=31536000, immutable";
        response.writeHead(Number(wanted.get("status") ?? 200), {
          "cache-control": cacheControl,
          "content-type": wanted.get("type") ?? "image/png",
          "content-length": wanted.get("bytes") ?? "100",
          etag: '"one"',
          ...(wanted.has("accel") ? { "x-accel-redirect": "/nginx_status", "x-accel-expires": "3600" } : {}),
        });
        const end = () => response.end("x".repeat(Number(wanted.get("bytes") ?? 100)));
        if (wanted.has("held")) held.push(end);
        else end();
        latest = request;
      });
    servers = await Promise.all([start(), start()]);
    const ports = servers.map(({ port }) => port);
    nginx = await startNginx({ api: ports, render: ports, files: ports }, { lockTimeout: "60s" });
  });
  afterAll(async () => {
    await nginx?.stop();
    for (const server of servers ?? []) await server.close();
  });

  /** Requests that nginx has read and not answered. */
  const running = async () => {
    const status = await (await fetch(`${nginx.internalUrl}/nginx_status`)).text();
    return Number(/Writing: (\d+)/.exec(status)?.[1]);
  };
  const seen = () => servers.flatMap(({ requests }) => requests);
  const asked = async (path: string, init?: RequestInit) => {
    const before = seen().length;
    const answer = await fetch(nginx.url + path, init);
    await answer.arrayBuffer();
    return {
      status: answer.status,
      headers: answer.headers,
      front: answer.headers.get("x-bandloom-front"),
      servers: seen().length - before,
    };
  };

  it("keeps what is immutable and belongs to a version", async () => {
    const path = "/tiles/plate/3/1/1.png?f=b1&v=1";
    expect(await asked(path)).toMatchObject({ status: 200, front: "MISS", servers: 1 });
    expect(await asked(path)).toMatchObject({ status: 200, front: "HIT", servers: 0 });
  });

  it.each([
    ["a tile without a version", "/tiles/plate/3/1/1.png?f=b1"],
    ["what changes", "/tiles/plate/3/1/1.png?f=b1&v=1&cache-control=no-cache"],
    ["what is fresh for a while but not immutable", "/tiles/plate/3/1/1.png?f=b1&v=1&cache-control=public,max-age=99"],
    ["an error", "/tiles/plate/3/1/1.png?f=b1&v=1&status=404&cache-control=no-store"],
    ["an error that somebody calls fresh", "/tiles/plate/3/1/1.png?f=b1&v=1&status=500&cache-control=max-age=99"],
    ["an answer of the api", "/tilejson/plate.json?v=1"],
    ["an original", "/files/plate?v=1"],
    [
      "what the server would have kept by a header of nginx's own",
      "/tiles/plate/3/1/1.png?v=1&accel=1&cache-control=no-cache",
    ],
  ])("does not keep %s", async (_name, path) => {
    expect((await asked(path)).servers).toBe(1);
    const second = await asked(path);
    expect(second.servers).toBe(1);
    expect(second.front).not.toBe("HIT");
    expect(second.headers.has("x-accel-redirect")).toBe(false);
  });

  it("takes the address as it was sent for the key: another order or spelling is another answer", async () => {
    const first = "/tiles/plate/3/2/2.png?f=b1&v=1";
    await asked(first);
    for (const other of [
      "/tiles/plate/3/2/2.png?v=1&f=b1",
      "/tiles/plate/3/2/2.png?f=%621&v=1",
      "/tiles/plate/3/2/2.png?f=b1&f=b2&v=1",
      "/tiles/%70late/3/2/2.png?f=b1&v=1",
      "//tiles/plate/3/2/2.png?f=b1&v=1",
      "/x/../tiles/plate/3/2/2.png?f=b1&v=1",
    ]) {
      const answer = await exchange(nginx.port, requestText(other));
      expect(answer.headers.get("x-bandloom-front"), other).not.toBe("HIT");
      expect(latest?.url).toBe(other);
    }
    expect(await asked(first)).toMatchObject({ front: "HIT", servers: 0 });
  });

  it("answers HEAD, If-None-Match and Range of what it keeps without asking a server", async () => {
    const path = "/tiles/plate/3/3/3.png?f=b1&v=1";
    await asked(path);
    const head = await asked(path, { method: "HEAD" });
    expect(head).toMatchObject({ status: 200, front: "HIT", servers: 0 });
    expect(head.headers.get("content-length")).toBe("100");
    expect(await asked(path, { headers: { "if-none-match": '"one"' } })).toMatchObject({ status: 304, servers: 0 });
    const range = await asked(path, { headers: { range: "bytes=0-1,3-4" } });
    expect(range).toMatchObject({ status: 200, servers: 0 });
  });

  it("passes If-None-Match on where it keeps nothing, and Range of originals", async () => {
    await asked("/tiles/plate/3/3/3.png?f=b1", { headers: { "if-none-match": '"one"' } });
    expect(latest?.headers["if-none-match"]).toBe('"one"');
    await asked("/files/plate", { headers: { range: "bytes=1-2" } });
    expect(latest?.headers.range).toBe("bytes=1-2");
  });

  it("lets one of many clients through that want the same new tile at once", async () => {
    const before = seen().length;
    const path = "/tiles/plate/3/4/4.png?f=b1&v=1&held=1";
    const answers = Promise.all(Array.from({ length: CLIENTS }, () => fetch(nginx.url + path)));
    // All of them, and the one that asks for this number.
    await expect.poll(running).toBe(CLIENTS + 1);
    for (const end of held.splice(0)) end();
    expect(new Set((await answers).map(({ status }) => status))).toEqual(new Set([200]));
    expect(seen().length - before).toBe(1);
  });

  it("asks one server for a neighbourhood, whatever the formula, version and format, and both for many", async () => {
    const serverOf = async (path: string) => {
      const before = servers.map(({ requests }) => requests.length);
      await asked(path);
      return servers.findIndex(({ requests }, at) => requests.length > (before[at] ?? 0));
    };
    const block: number[] = [];
    for (let n = 0; n < 10; n++)
      block.push(await serverOf(`/tiles/a/b/5/3${n}/7${9 - n}.${n % 2 ? "png" : "jpg"}?f=b${n}`));
    expect(new Set(block).size).toBe(1);
    const other = await Promise.all([
      await serverOf("/channels/a/b/red/5/33/77.raw?v=1"),
      await serverOf("/regions/a/b/1200,300,9,9/9.png"),
    ]);
    expect(other).not.toContain(-1);
    const many: number[] = [];
    // By a hash of ports that are others in each run: all on one of them once in 2⁶³ runs.
    for (let n = 0; n < 64; n++) many.push(await serverOf(`/tiles/a/b/5/${n}0/0.png?f=b1`));
    expect(new Set(many)).toEqual(new Set([0, 1]));
    // The same server on both sides.
    const before = seen().length;
    expect((await fetch(`${nginx.internalUrl}/tiles/a/b/5/31/71.png?f=b1`)).status).toBe(200);
    expect(seen().length).toBe(before + 1);
    expect(servers[block[0] ?? 0]?.requests.at(-1)?.url).toBe("/tiles/a/b/5/31/71.png?f=b1");
  });

  it.each([
    ["application/json", true],
    ["image/svg+xml", true],
    ["image/png", false],
    ["image/jpeg", false],
    ["application/octet-stream", false],
  ])("compresses %s: %s", async (type, compressed) => {
    const answer = await asked(`/tiles/plate/3/5/5.png?bytes=5000&type=${encodeURIComponent(type)}`);
    expect(answer.headers.get("content-encoding")).toBe(compressed ? "gzip" : null);
    expect(answer.headers.get("etag")).toBe(compressed ? 'W/"one"' : '"one"');
    expect(answer.headers.get("vary")).toBe(compressed ? "Accept-Encoding" : null);
  });

  describe("when every server is gone", () => {
    const lasting = "/tiles/plate/4/1/1.png?v=1&cache-control=max-age=1,immutable";
    const ending = "/tiles/plate/4/1/1.png?v=1&exp=9&kid=a&sig=s&cache-control=public&left=1";
    const longEnding = "/channels/plate/b1/4/1/1.raw?v=1&exp=9&kid=a&sig=s&cache-control=public&left=999";
    const spelled = "/tiles/plate/4/1/1.png?v=1&%65xp=9&cache-control=public&left=999";
    let gone: Nginx;
    let end: string | null;

    beforeAll(async () => {
      const server = await startTinyUpstream((request, response) => {
        const wanted = new URL(request.url ?? "", "http://a").searchParams;
        const left = wanted.get("left");
        if (left !== null) response.setHeader("expires", new Date(Date.now() + Number(left) * 1000).toUTCString());
        response.writeHead(200, { "cache-control": wanted.get("cache-control") ?? "no-cache" }).end("tile");
      });
      const ports = [server.port];
      gone = await startNginx({ api: ports, render: ports, files: ports });
      for (const path of [lasting, ending, spelled]) await fetch(gone.url + path);
      end = (await fetch(gone.url + longEnding)).headers.get("expires");
      // Past the second for which they are fresh.
      await sleep(2_100);
      await server.close();
    });
    afterAll(() => gone?.stop());

    it("still serves what is immutable, though it is no longer fresh", async () => {
      const answer = await fetch(gone.url + lasting);
      expect([answer.status, answer.headers.get("x-bandloom-front")]).toEqual([200, "STALE"]);
    });

    it("serves a signed link until its end, and not after", async () => {
      const before = await fetch(gone.url + longEnding);
      expect([before.status, before.headers.get("x-bandloom-front")]).toEqual([200, "HIT"]);
      // Who is given it now keeps it no longer than who was given it first.
      expect([before.headers.get("cache-control"), before.headers.get("expires")]).toEqual(["public", end]);
      expect((await fetch(gone.url + ending)).status).toBe(503);
      expect((await fetch(gone.url + longEnding.replace("sig=s", "sig=S"))).status).toBe(503);
    });

    it("has kept nothing that ends where its end was not seen", async () => {
      expect((await fetch(gone.url + spelled)).status).toBe(503);
    });

    it("answers the rest as OVERLOADED, to be asked again", async () => {
      const answer = await fetch(`${gone.url}/tiles/plate/4/1/1.png`);
      expect([answer.status, answer.headers.get("retry-after"), answer.headers.get("cache-control")]).toEqual([
        503,
        "1",
        "no-store",
      ]);
      expect(await answer.json()).toMatchObject({ code: "OVERLOADED" });
    });
  });
});
