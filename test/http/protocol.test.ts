import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IMAGES } from "./images.ts";
import { type Running, requestText, runServer } from "./running.ts";

let server: Running;
beforeAll(async () => {
  server = await runServer(IMAGES);
});
afterAll(() => server.close());

const TILE = `/tiles/odd/1/0/0.png?f=${encodeURIComponent("window(b1, 0, 255)")}`;

/** What differs between two answers of the same content: time, connection, and where the bytes came from. */
const PASSING = new Set(["date", "connection", "keep-alive", "x-bandloom-cache"]);

const lasting = (headers: Headers) => Object.fromEntries([...headers].filter(([name]) => !PASSING.has(name)));

describe("HTTP", () => {
  it("answers HEAD with the headers of GET and no body, when a tile is rendered and when it is kept", async () => {
    for (const path of [TILE, TILE, TILE.replace("png", "jpg")]) {
      const head = await server.get(path, { method: "HEAD" });
      const get = await server.get(path);
      expect((await head.arrayBuffer()).byteLength).toBe(0);
      expect(lasting(head.headers)).toEqual(lasting(get.headers));
      expect(Number(head.headers.get("content-length"))).toBe((await get.arrayBuffer()).byteLength);
    }
    const raw = await server.raw(requestText(TILE, "HEAD"));
    expect(raw.body).toBe("");
  });

  it("tells by OPTIONS what may be asked from anywhere", async () => {
    for (const [path, methods] of [
      [TILE, "GET, HEAD, OPTIONS"],
      ["/regions/odd/0,0,1,1/1.png", "GET, HEAD, OPTIONS"],
      ["/channels/odd/b1/1/0/0.raw", "GET, HEAD, OPTIONS"],
      ["/healthz", "GET, HEAD, OPTIONS"],
      ["/graphql", "GET, HEAD, POST, OPTIONS"],
    ] as const) {
      const answer = await server.get(path, { method: "OPTIONS" });
      expect(answer.status).toBe(204);
      expect(answer.headers.get("allow")).toBe(methods);
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
      expect(answer.headers.get("access-control-allow-methods")).toBe(methods);
      expect(answer.headers.has("content-length")).toBe(false);
    }
  });

  it.each(["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])(
    "refuses %s on a tile, and says what is allowed",
    async (method) => {
      const answer = await server.raw(requestText(TILE, method));
      expect(answer.status).toBe(405);
      expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
      expect(JSON.parse(answer.body)).toMatchObject({ code: "METHOD_NOT_ALLOWED" });
    },
  );

  it("refuses a method whatever body comes with it", async () => {
    for (const type of ["application/json", "text/plain", "no media type"]) {
      const answer = await server.get(TILE, { method: "POST", body: "{", headers: { "content-type": type } });
      expect(answer.status).toBe(405);
    }
  });

  it.each([
    ["the first byte", "bytes=0-0"],
    ["the last no bytes", "bytes=-0"],
    ["bytes beyond the end", "bytes=999999999-"],
    ["bytes backwards", "bytes=5-1"],
    ["another unit", "lines=1"],
    ["a thousand ranges", `bytes=${"0-0,".repeat(1000)}1-1`],
  ])("sends the whole tile to who asks for %s", async (_name, range) => {
    const answer = await server.get(TILE, { headers: { range } });
    expect(answer.status).toBe(200);
    expect((await answer.arrayBuffer()).byteLength).toBe(Number(answer.headers.get("content-length")));
  });

  it("answers 304 to a client that has the tile, before anything is rendered", async () => {
    const path = TILE.replace("255", "251");
    const cold = await server.get(path, { headers: { "if-none-match": "*" } });
    expect(cold.status).toBe(304);
    const etag = cold.headers.get("etag") ?? "";
    const long = Array.from({ length: 200 }, (_, n) => `"${String(n).padStart(32, "0")}"`).join(", ");
    for (const value of [etag, `W/${etag}`, `"other", ${etag}`, `${long}, ${etag}`]) {
      const answer = await server.get(path, { headers: { "if-none-match": value } });
      expect(answer.status).toBe(304);
      expect(answer.headers.get("etag")).toBe(etag);
      expect(answer.headers.get("cache-control")).toBe("no-cache");
      expect((await answer.arrayBuffer()).byteLength).toBe(0);
    }
    const first = await server.get(path, { headers: { "if-none-match": '"other"' } });
    expect(first.status).toBe(200);
    expect(first.headers.get("x-bandloom-cache")).toBe("RENDERED");
    expect(first.headers.get("etag")).toBe(etag);
  });

  it("says 304 of nothing that does not exist", async () => {
    for (const path of ["/tiles/odd/1/9/9.png", "/tiles/nope/0/0/0.png"]) {
      expect((await server.get(path, { headers: { "if-none-match": "*" } })).status).toBe(404);
    }
  });

  it("serves the second request from memory with the same headers and bytes", async () => {
    const path = TILE.replace("255", "252");
    const [first, second] = [await server.get(path), await server.get(path)];
    expect(first.headers.get("x-bandloom-cache")).toBe("RENDERED");
    expect(second.headers.get("x-bandloom-cache")).toBe("MEMORY");
    expect(lasting(second.headers)).toEqual(lasting(first.headers));
    expect(Buffer.from(await second.arrayBuffer())).toEqual(Buffer.from(await first.arrayBuffer()));
  });

  it.each(["yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "-1"])(
    "ignores If-Modified-Since: %s",
    async (date) => {
      expect((await server.get(TILE, { headers: { "if-modified-since": date } })).status).toBe(200);
    },
  );

  it.each(["image/avif;q=0", "*/*;q=0", "text/html", ",,,", "image/*;q=nonsense"])(
    "sends the format that the address names to Accept: %s, and varies by nothing",
    async (accept) => {
      const answer = await server.get(TILE, { headers: { accept } });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe("image/png");
      expect(answer.headers.has("vary")).toBe(false);
    },
  );

  it.each(["identity;q=0", "br", "gzip, deflate, br", "*;q=0"])(
    "compresses no picture for Accept-Encoding: %s",
    async (encoding) => {
      const answer = await server.raw(requestText(TILE, "GET", { "accept-encoding": encoding }));
      expect(answer.status).toBe(200);
      expect(answer.headers.has("content-encoding")).toBe(false);
      expect(answer.body.slice(1, 4)).toBe("PNG");
    },
  );

  it("keeps a tile for ever under its current version only, and never shares errors", async () => {
    const data = await server.get("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        query: `{ image(key: "odd") { render(formula: "window(b1, 0, 255)") { tiles(level: 0, x: {from: 0, to: 0}, y: {from: 0, to: 0}) { nodes { url } } } } }`,
      }),
    });
    const { data: answer } = (await data.json()) as {
      data: { image: { render: { tiles: { nodes: { url: string }[] } } } };
    };
    const url = answer.image.render.tiles.nodes[0]?.url ?? "";
    expect(url).toContain("v=");
    for (let round = 0; round < 2; round++) {
      const cached = await server.get(url);
      expect(cached.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      const stale = await server.get(url.replace(/v=[0-9a-f]{4}/, "v=0000"));
      expect(stale.headers.get("cache-control")).toBe("no-cache");
      expect(stale.headers.get("etag")).toBe(cached.headers.get("etag"));
    }
    expect((await server.get("/tiles/nope/0/0/0.png")).headers.get("cache-control")).toBe("no-store");
    expect((await server.get("/nope")).headers.get("cache-control")).toBe("no-store");
  });

  it("lets any page read answers and errors alike, and sets no cookies", async () => {
    for (const path of [
      TILE,
      "/tiles/nope/0/0/0.png",
      "/nope",
      "/tiles/%zz/0/0/0.png",
      "/healthz",
      "/graphql?query={__typename}",
    ]) {
      const { headers } = await server.get(path);
      expect(headers.get("access-control-allow-origin")).toBe("*");
      expect(headers.get("access-control-expose-headers")).toBe("*");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.has("set-cookie")).toBe(false);
    }
  });

  it("believes nothing that a client says of proxies and hosts", async () => {
    const plain = await server.raw(requestText(TILE));
    const evil = await server.raw(
      requestText(TILE, "GET", {
        "x-forwarded-host": "evil",
        "x-forwarded-proto": "https",
        "x-accel-redirect": "/etc/passwd",
        "x-original-url": "/healthz",
      }),
    );
    expect(evil.headers.get("etag")).toBe(plain.headers.get("etag"));
    expect(evil.body).toBe(plain.body);
  });

  it("refuses headers and addresses that are too long", async () => {
    const large = await server.raw(requestText(TILE, "GET", { "x-large": "a".repeat(65_536) }));
    expect([large.status, JSON.parse(large.body).code]).toEqual([431, "HEADERS_TOO_LARGE"]);
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`x-${n}`, "1"]));
    expect((await server.raw(requestText(TILE, "GET", many))).status).toBe(431);
    for (const path of [
      `${TILE}&v=${"0".repeat(20_000)}`,
      `/graphql?query=${"a".repeat(20_000)}`,
      `/${"a".repeat(20_000)}`,
    ]) {
      const long = await server.raw(requestText(path));
      expect([long.status, JSON.parse(long.body).code]).toEqual([414, "URI_TOO_LONG"]);
    }
  });

  it.each([
    "GET / HTTP/9.9\r\n\r\n",
    "hello\r\n\r\n",
    "GET /\u0000 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
  ])("answers %j, which is no request, with 400", async (text) => {
    const answer = await server.raw(text);
    expect(answer.status).toBe(400);
  });

  it("refuses two lengths of one body, which is how requests are smuggled", async () => {
    const text =
      "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    expect((await server.raw(text)).status).toBe(400);
  });

  it("fails at no request target, whatever its bytes", async () => {
    const pieces = fc.constantFrom(
      "/",
      "tiles/odd",
      "regions/odd",
      "channels/odd/b1",
      "/0/0/0",
      ".png",
      ".raw",
      "%",
      "%2F",
      "%00",
      "%ff",
      "?",
      "&",
      "=",
      "f=b1",
      "..",
      "0,0,9,9",
      "+",
      "#",
      ";",
      "*",
      "\u00e9",
    );
    const target = fc
      .array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 10 })
      .map((parts) => `/${parts.join("").replaceAll(/[\s\u0080-\uffff]/g, "")}`);
    await fc.assert(
      fc.asyncProperty(target, async (text) => {
        const { status } = await server.raw(requestText(text));
        expect([200, 400, 404]).toContain(status);
      }),
      { numRuns: 300 },
    );
  });

  it("goes on when clients leave before their answers", async () => {
    const leaving = Array.from({ length: 20 }, async (_, n) => {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(requestText(`/tiles/square/2/0/0.avif?s=1024&f=window(b1,0,${100 + n})`));
      // Each at another moment of its answer, whichever that is.
      await sleep(n);
      socket.destroy();
    });
    await Promise.all(leaving);
    expect((await server.get(TILE)).status).toBe(200);
  });

  it("tells that it lives and that it is ready, and caches neither", async () => {
    for (const [path, status] of [
      ["/healthz", "ok"],
      ["/readyz", "ready"],
    ] as const) {
      const answer = await server.get(path);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual({ status });
      expect(answer.headers.get("cache-control")).toBe("no-store");
    }
  });
});
