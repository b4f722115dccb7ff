import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Nginx, startNginx } from "../fixtures/nginx.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";
import { exchange, requestText } from "../http/running.ts";

/** 11 × 11 tiles. */
const SIDE = 11 * 256;
/** Ten times the longest that nginx or a server keeps a client that sends nothing. */
const HANG_MS = 100_000;
const TILE = "/tiles/plate/4/3/3.png?f=window(b1%2Bb2,0,500)";

/** nginx as deployed, in front of two real servers. */
describe("nginx in front of the servers", () => {
  const data = mkdtempSync(join(tmpdir(), "bandloom-front-"));
  let servers: readonly RunningServer[];
  let nginx: Nginx;
  /** Clients that send half a request. They are kept for ten seconds, in which the other tests run. */
  let besieged: Promise<unknown>;

  beforeAll(async () => {
    const value = (x: number, y: number, sample: number) => (x * 3 + y * 7 + sample * 50) % 251;
    const layout = { width: SIDE, height: SIDE, samples: 2, planar: true, tile: [256, 256], codec: "deflate" } as const;
    writeFileSync(join(data, "plate.tif"), buildTiff({ directories: [{ ...layout, value }] }));
    const environment = { BANDLOOM_WORKERS: "1" };
    const cache = (name: string) => ({ ...environment, BANDLOOM_CACHE: join(data, name) });
    servers = await Promise.all(["a", "b"].map((name) => startServer({ data, environment: cache(name) })));
    const ports = servers.map(({ port }) => port);
    // What is tried here are many clients at one address.
    const perClient = { rate: 100_000, burst: 10_000, connections: 10_000 };
    nginx = await startNginx({ api: ports, render: ports, files: ports }, { perClient });
    besieged = Promise.all([nginx.port, ...ports.slice(1)].map(besiege));
    besieged.catch(() => {});
  });
  afterAll(async () => {
    await nginx?.stop();
    for (const server of servers ?? []) await server.stop();
    rmSync(data, { recursive: true, force: true });
  });

  /** Addresses with their version, as the API gives them. */
  async function addresses(formula: string, side = 0): Promise<readonly string[]> {
    const range = `{ from: 0, to: ${side} }`;
    const answer = await fetch(`${nginx.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        query: `{ image(key: "plate") { render(formula: "${formula}") { tiles(level: 0, x: ${range}, y: ${range}) { nodes { url } } } } }`,
      }),
    });
    const { data } = (await answer.json()) as {
      data: { image: { render: { tiles: { nodes: readonly { url: string }[] } } } };
    };
    return data.image.render.tiles.nodes.map(({ url }) => url);
  }

  it("renders a tile once, and then nginx alone serves it: the same bytes and headers", async () => {
    const [url = ""] = await addresses("window(b1, 0, 99)");
    const first = await fetch(nginx.url + url);
    const bytes = Buffer.from(await first.arrayBuffer());
    // Over the same connection: by the worker that has kept it.
    const second = await fetch(nginx.url + url);
    expect([first, second].map(({ headers }) => headers.get("x-bandloom-front"))).toEqual(["MISS", "HIT"]);
    for (const name of [
      "etag",
      "cache-control",
      "content-type",
      "content-length",
      "x-content-type-options",
      "content-security-policy",
    ]) {
      expect(second.headers.get(name)).toBe(first.headers.get(name));
    }
    expect(second.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(Buffer.from(await second.arrayBuffer())).toEqual(bytes);
  });

  it("renders each of 36 tiles once for ten clients that want all of them at once", async () => {
    const urls = await addresses("window(b1 - b2, -250, 250)", 5);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => urls)
        .flat()
        .map(async (url) => {
          const answer = await fetch(nginx.url + url);
          await answer.arrayBuffer();
          return answer;
        }),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const asked = answers.filter(({ headers }) => headers.get("x-bandloom-front") !== "HIT");
    expect(asked.filter(({ headers }) => headers.get("x-bandloom-cache") === "RENDERED")).toHaveLength(urls.length);
  });

  it("asks another server when one is killed, and fails no tile", async () => {
    const urls = await addresses("window(b1 * 2, 0, 500)", 10);
    const [first] = servers as [RunningServer];
    process.kill(first.pid(), "SIGKILL");
    const statuses = await Promise.all(urls.map(async (url) => (await fetch(nginx.url + url)).status));
    expect(new Set(statuses)).toEqual(new Set([200]));
    // Its supervisor starts it again.
    await until(async () => (await fetch(`${first.url}/readyz`).catch(() => null))?.ok === true);
  });

  describe("what neither nginx nor a server alone accepts", () => {
    const doors = () =>
      [
        ["nginx", nginx.port],
        ["the server", servers[1]?.port ?? 0],
      ] as const;

    it("is an address, a header, or a body that is too long", async () => {
      const tried = doors().map(async ([name, port]) => {
        const long = await exchange(port, requestText(`/tiles/plate/4/0/0.png?f=${"b".repeat(20_000)}`));
        expect([name, long.status, JSON.parse(long.body).code]).toEqual([name, 414, "URI_TOO_LONG"]);
        const edge = await exchange(port, requestText(`/tiles/plate/4/0/0.png?f=${"b".repeat(16_500)}`));
        expect([name, edge.status, JSON.parse(edge.body).code]).toEqual([name, 414, "URI_TOO_LONG"]);
        const header = await exchange(port, requestText(TILE, "GET", { "x-large": "a".repeat(65_536) }));
        expect([name, header.status, JSON.parse(header.body).code]).toEqual([name, 431, "HEADERS_TOO_LARGE"]);
        const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`x-${n}`, "1"]));
        expect([name, (await exchange(port, requestText(TILE, "GET", many))).status]).toEqual([name, 431]);
        const type = { "content-type": "application/json", "content-length": String(3 * 2 ** 20) };
        const body = await exchange(port, requestText("/graphql", "POST", type));
        expect([name, body.status, body.body]).toEqual([name, 413, expect.stringContaining("TOO_LARGE")]);
        for (const answer of [long, edge, header, body]) expect(answer.headers.get("cache-control")).toBe("no-store");
      });
      await Promise.all(tried);
    });

    it("takes the longest address that both know", async () => {
      const query = `/graphql?query=${encodeURIComponent("{__typename}")}&operationName=`;
      const address = query + "a".repeat(16_384 - query.length);
      const [front, alone] = await Promise.all(doors().map(([, port]) => exchange(port, requestText(address))));
      expect(front?.status).toBe(alone?.status);
      expect(JSON.parse(front?.body ?? "")).toMatchObject({ errors: expect.anything() });
    });

    it.each([
      ["two hosts", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
      ["no host", "GET /healthz HTTP/1.1\r\n\r\n"],
      [
        "chunks and a length",
        "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
      ],
      ["two lengths", "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"],
      ["a length with a sign", "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\nabcd"],
      ["an encoding of its own", "POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
      [
        "chunks twice",
        "POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ],
      ["a header that is folded", "GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n"],
      ["a space before the colon", "GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n"],
      ["no slash", "GET healthz HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["another protocol", "hello\r\n\r\n"],
    ])("is %s: 400 once, or a closed connection", async (_name, text) => {
      const tried = doors().map(async ([name, port]) => ({ name, ...(await answersTo(port, text)) }));
      for (const { name, answers, all } of await Promise.all(tried)) {
        expect(
          answers.filter((status) => status !== 400),
          `${name}: ${all}`,
        ).toEqual([]);
        expect(answers.length).toBeLessThanOrEqual(1);
      }
    });

    it("are line ends without CR: a server refuses them, nginx reads one request and writes it anew", async () => {
      const text = "GET /healthz HTTP/1.1\nHost: a\nConnection: close\n\n";
      expect((await answersTo(servers[1]?.port ?? 0, text, HANG_MS)).answers).toEqual([400]);
      expect((await answersTo(nginx.port, text, HANG_MS)).answers).toEqual([200]);
      // A CR that ends no line, in front of what would be another request.
      const hidden = "GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: b\rGET /readyz HTTP/1.1\r\nConnection: close\r\n\r\n";
      for (const [, port] of doors()) expect((await answersTo(port, hidden)).answers.length).toBeLessThanOrEqual(1);
    });

    it("are line ends inside an address: no header of the answer comes from there", async () => {
      for (const [name, port] of doors()) {
        for (const target of [
          "/tiles/a%0d%0aX-Evil:%201%0d%0a/4/0/0.png",
          "/tiles/plate/4/0/0.png?f=b1%0d%0aX-Evil:%201",
          "/regions/plate%0d%0aX-Evil:%201/0,0,9,9/9.png",
          "/channels/plate/b1%0d%0aX-Evil:%201/4/0/0.raw",
          "/tilejson/%0d%0aX-Evil:%201.json",
        ]) {
          const answer = await exchange(port, requestText(target));
          expect([name, target, answer.status >= 400 && answer.status < 500]).toEqual([name, target, true]);
          expect(answer.headers.has("x-evil")).toBe(false);
        }
      }
    });
  });

  it("believes nothing that a client says of proxies and hosts, and keeps nothing under it", async () => {
    const [url = ""] = await addresses("window(b2, 0, 77)");
    const evil = {
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "https",
      "x-forwarded-for": "127.0.0.1",
      forwarded: "host=evil.example",
      "x-accel-redirect": "/nginx_status",
      "x-original-url": "/healthz",
    };
    const forged = `GET ${url} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n${Object.entries(evil)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("")}\r\n`;
    const first = await exchange(nginx.port, forged);
    expect(first.headers.get("x-bandloom-front")).toBe("MISS");
    const plain = await exchange(nginx.port, requestText(url));
    expect(plain.headers.get("x-bandloom-front")).toBe("HIT");
    expect(plain.body).toBe(first.body);
    const query = JSON.stringify({
      query: '{ image(key: "plate") { render(formula: "b1") { urlTemplate tileJsonUrl } } }',
    });
    const links = await fetch(`${nginx.url}/graphql`, {
      method: "POST",
      headers: { ...evil, "content-type": "application/json" },
      body: query,
    });
    expect(await links.text()).not.toContain("evil.example");
  });

  it("hides the servers' Host, so that what is open to this machine alone is not open through nginx", async () => {
    const mutation = JSON.stringify({ query: "mutation { purge(input: { everything: true }) { __typename } }" });
    const headers = {
      "content-type": "application/json",
      "content-length": String(mutation.length),
      host: "localhost",
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const answer = await exchange(
      nginx.port,
      `POST /graphql HTTP/1.1\r\n${lines.join("")}Connection: close\r\n\r\n${mutation}`,
    );
    expect(answer.body).toContain("UNAUTHENTICATED");
  });

  it(
    "goes on serving while five hundred clients send half a request, and closes them",
    async () => {
      await besieged;
    },
    HANG_MS,
  );

  it("keeps metrics, its own status and its error pages to itself", async () => {
    for (const path of ["/metrics", "/nginx_status", "/errors/429", "/stub_status"]) {
      const answer = await fetch(nginx.url + path);
      expect([path, answer.status, ((await answer.json()) as { code: string }).code]).toEqual([path, 404, "NOT_FOUND"]);
    }
    for (const path of ["/graphql", "/", "/files/plate", "/metrics"]) {
      expect((await fetch(nginx.internalUrl + path)).status).toBe(404);
    }
    expect((await fetch(`${nginx.internalUrl}${TILE}`)).status).toBe(200);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + HANG_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("What was waited for did not come.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Statuses of all answers on a connection that stays open for as long as the other side wants, a second where none need come. */
async function answersTo(
  port: number,
  text: string,
  withinMs = 1_000,
): Promise<{ answers: readonly number[]; all: string }> {
  let all = "";
  const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
  socket.on("data", (chunk) => {
    all += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  const over = setTimeout(() => socket.destroy(), withinMs);
  await once(socket, "close");
  clearTimeout(over);
  return { answers: [...all.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status)), all };
}

/** Until each of five hundred clients that send half a request is closed; others are served meanwhile. */
async function besiege(port: number): Promise<void> {
  // As many as one client may have connections are not counted before they ask for something.
  const sockets = Array.from({ length: 500 }, () => halfOpen(port));
  await Promise.all(sockets.map(({ opened }) => opened));
  for (let n = 0; n < 20; n++) expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  await Promise.all(sockets.map(({ closed }) => closed));
}

function halfOpen(port: number): {
  readonly socket: Socket;
  readonly opened: Promise<unknown>;
  readonly closed: Promise<unknown>;
} {
  const socket = connect(port, "127.0.0.1", () => socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Half: "));
  socket.on("error", () => {});
  socket.resume();
  return { socket, opened: once(socket, "connect"), closed: new Promise((resolve) => socket.once("close", resolve)) };
}
