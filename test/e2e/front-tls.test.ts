import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { selfSigned } from "../fixtures/certificate.ts";
import { type Nginx, startNginx } from "../fixtures/nginx.ts";
import { freePort, type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";
import { startTinyUpstream } from "../fixtures/tiny-upstream.ts";
import { exchange, requestText } from "../http/running.ts";

/** 8 × 8 tiles. */
const SIDE = 8 * 256;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** nginx as deployed, its block of TLS turned on, in front of a real server. */
describe("nginx with TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "bandloom-front-tls-"));
  const { key, certificate } = selfSigned(folder);
  const ca = readFileSync(certificate);
  let server: RunningServer;
  let nginx: Nginx;
  let url: string;
  let session: ClientHttp2Session;

  beforeAll(async () => {
    const value = (x: number, y: number) => (x * 3 + y * 7) % 251;
    const plate = { width: SIDE, height: SIDE, tile: [256, 256] as const, codec: "deflate" as const, value };
    writeFileSync(join(folder, "plate.tif"), buildTiff({ directories: [plate] }));
    const port = await freePort();
    url = `https://127.0.0.1:${port}`;
    server = await startServer({ data: folder, environment: { BANDLOOM_WORKERS: "1", BANDLOOM_PUBLIC_URL: url } });
    const ports = [server.port];
    nginx = await startNginx({ api: ports, render: ports, files: ports }, { tls: { port, key, certificate } });
    session = connect(url, { ca });
  });
  afterAll(async () => {
    session?.close();
    await nginx?.stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Over the one connection. */
  function ask(path: string, headers: OutgoingHttpHeaders = {}, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = session.request({ ":path": path, ":method": body === undefined ? "GET" : "POST", ...headers });
      const chunks: Buffer[] = [];
      let got: IncomingHttpHeaders & { readonly ":status"?: number | undefined } = {};
      stream.on("response", (answered) => {
        got = answered;
      });
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => resolve({ status: got[":status"] ?? 0, headers: got, body: Buffer.concat(chunks) }));
      stream.on("error", reject);
      stream.end(body);
    });
  }

  const JSON_TYPE = { "content-type": "application/json" };

  async function query<T>(text: string, headers: OutgoingHttpHeaders = {}): Promise<T> {
    const { status, body } = await ask("/graphql", { ...JSON_TYPE, ...headers }, JSON.stringify({ query: text }));
    expect(status).toBe(200);
    return (JSON.parse(body.toString()) as { data: T }).data;
  }

  async function tileUrls(formula: string): Promise<readonly URL[]> {
    const range = "{ from: 0, to: 7 }";
    const { image } = await query<{ image: { render: { tiles: { nodes: readonly { url: string }[] } } } }>(
      `{ image(key: "plate") { render(formula: "${formula}") { tiles(level: 0, x: ${range}, y: ${range}) { nodes { url } } } } }`,
    );
    return image.render.tiles.nodes.map((node) => new URL(node.url));
  }

  it("speaks HTTP/2, and addresses in answers are its own", async () => {
    const { image } = await query<{ image: { render: Record<string, string> } }>(
      '{ image(key: "plate") { render(formula: "b1") { urlTemplate tileJsonUrl } } }',
      { ":authority": "evil.example", "x-forwarded-proto": "http" },
    );
    expect(session.alpnProtocol).toBe("h2");
    for (const address of Object.values(image.render)) expect(address.startsWith(`${url}/`)).toBe(true);
  });

  it("gives tiles, many at once over one connection, each once from the server and then from its cache", async () => {
    const urls = await tileUrls("b1");
    const round = () => Promise.all(urls.map(({ pathname, search }) => ask(pathname + search)));
    const [first, second] = [await round(), await round()];
    expect(new Set([...first, ...second].map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(first.map(({ headers }) => headers["x-bandloom-front"]))).toEqual(new Set(["MISS"]));
    expect(new Set(second.map(({ headers }) => headers["x-bandloom-front"]))).toEqual(new Set(["HIT"]));
    for (const [n, { pathname, search }] of urls.entries()) {
      const direct = await fetch(server.url + pathname + search);
      const bytes = Buffer.from(await direct.arrayBuffer());
      expect([first[n]?.body.equals(bytes), second[n]?.body.equals(bytes)]).toEqual([true, true]);
      expect(second[n]?.headers).toMatchObject({
        "content-type": direct.headers.get("content-type"),
        etag: direct.headers.get("etag"),
        "cache-control": "public, max-age=31536000, immutable",
        "strict-transport-security": "max-age=31536000",
      });
    }
  });

  it("passes events on as they come", async () => {
    let next = () => {};
    const upstream = await startTinyUpstream((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      let n = 0;
      next = () => response.write(`data: ${n++}\n\n`);
      next();
    });
    const [ports, port] = [[upstream.port], await freePort()];
    const front = await startNginx({ api: ports, render: ports, files: ports }, { tls: { port, key, certificate } });
    const client = connect(`https://127.0.0.1:${port}`, { ca });
    const stream = client.request({
      ...{ ":path": "/graphql/stream", ":method": "POST", accept: "text/event-stream" },
      ...JSON_TYPE,
    });
    stream.setEncoding("utf8").end("{}");
    const chunks: AsyncIterator<string> = stream[Symbol.asyncIterator]();
    // Each is sent only after the one before it arrived: a buffer anywhere would be waited for without end.
    for (let n = 0; n < 3; n++) {
      expect((await chunks.next()).value).toBe(`data: ${n}\n\n`);
      next();
    }
    client.destroy();
    await front.stop();
    await upstream.close();
  });

  it("takes addresses and headers of the same length as without it, and refuses longer ones in the same words", async () => {
    const address = `/graphql?query=${encodeURIComponent("{__typename}")}&operationName=`;
    const longest = await ask(address + "a".repeat(16_384 - address.length));
    expect(JSON.parse(longest.body.toString())).toMatchObject({ errors: expect.anything() });
    const body = await ask("/graphql", JSON_TYPE, " ".repeat(3 * 2 ** 20));
    expect([body.status, JSON.parse(body.body.toString()).code]).toEqual([413, "TOO_LARGE"]);
  });

  it("still speaks HTTP/1.1 to who knows nothing else", async () => {
    const agent = new Agent({ ca });
    const answer = await new Promise<readonly [string, number | undefined]>((resolve, reject) => {
      request(`${url}/tiles/plate/0/0/0.png?f=b1`, { agent }, (response) => {
        response.resume().on("end", () => resolve([response.httpVersion, response.statusCode]));
      })
        .on("error", reject)
        .end();
    });
    agent.destroy();
    expect(answer).toEqual(["1.1", 200]);
  });

  it("lets WebSockets through", async () => {
    class Trusting extends WebSocket {
      constructor(address: string, protocols?: string | string[]) {
        super(address, protocols, { ca });
      }
    }
    const client = createClient({
      url: `${url.replace("https", "wss")}/graphql`,
      webSocketImpl: Trusting,
      retryAttempts: 0,
    });
    const tiles = `subscription { tiles(input: { imageKey: "plate", formula: "b1", level: 3, x: { from: 0, to: 0 }, y: { from: 0, to: 0 } }) { url } }`;
    const results: unknown[] = [];
    for await (const result of client.iterate({ query: tiles })) results.push(result);
    await client.dispose();
    expect(results).toEqual([{ data: { tiles: { url: expect.stringMatching(`^${url}/tiles/plate/`) } } }]);
  });

  it("refuses what is no TLS in words of its own", async () => {
    const answer = await exchange(Number(new URL(url).port), requestText("/healthz"));
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, "BAD_REQUEST"]);
  });
});
