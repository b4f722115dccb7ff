import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { exchange, type Running, requestText, runServer, whenBusy } from "../http/running.ts";

const PLATE = { width: 512, height: 512, tile: [128, 128] as const, codec: "deflate" as const, seed: 4 };
/** Many seconds of work, with a formula of many neighbors. */
const LARGE = { width: 2048, height: 2048, tile: [256, 256] as const, sparse: () => true };
/** As clients of Java ask. */
const H2C = {
  Connection: "Upgrade, HTTP2-Settings, close",
  Upgrade: "h2c",
  "HTTP2-Settings": "AAMAAABkAAQBAAAAAAIAAAAA",
};

/** A request without the `Connection` of `requestText`. */
const asking = (target: string, method: string, headers: Readonly<Record<string, string>>) =>
  requestText(target, method, headers).replace("Connection: close\r\n", "");

describe("a request that asks for another protocol", () => {
  let server: Running;
  beforeAll(async () => {
    server = await runServer({ "plate.tif": PLATE });
  });
  afterAll(() => server.close());

  it("than WebSocket is served as if it had not", async () => {
    const picture = await server.raw(asking("/tiles/plate/0/0/0.png?f=b1", "GET", H2C));
    expect([picture.status, picture.headers.get("content-type")]).toEqual([200, "image/png"]);
    const body = JSON.stringify({ query: "{ server { version } }" });
    const headers = { "Content-Type": "application/json", "Content-Length": `${body.length}`, ...H2C };
    const answer = await server.raw(asking("/graphql", "POST", headers) + body);
    expect([answer.status, answer.body]).toEqual([200, expect.stringContaining('"version"')]);
    // Refused as any other would be.
    const twice = `${asking("/healthz", "GET", { Host: "other", ...H2C })}`;
    expect((await server.raw(twice)).status).toBe(400);
    expect((await server.raw(asking("/nothing", "GET", H2C))).status).toBe(404);
  });

  it("is refused where it could not be served whole: of very many headers, or behind one that is still answered", async () => {
    const many = Object.fromEntries(Array.from({ length: 960 }, (_, n) => [`a${n}`, ""]));
    const crowded = await server.raw(asking("/healthz", "GET", { ...many, ...H2C }));
    expect([crowded.status, crowded.body]).toEqual([400, expect.stringContaining("without the header Upgrade")]);
    const slow = asking("/tiles/plate/1/0/0.png?f=window(median(median(b1,4),4),0,200)&s=512", "GET", { Host: "x" });
    const both = await server.raw(slow.replace("Host: test\r\n", "") + asking("/healthz", "GET", H2C));
    expect(both.status).toBe(400);
  });

  it("and is refused leaves no connection behind, whatever else it sends", async () => {
    const own = await runServer({ "plate.tif": PLATE });
    const key = { "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==" };
    const text = asking("/nothing", "GET", { Connection: "Upgrade", Upgrade: "websocket", ...key });
    expect((await exchange(own.port, `${text}and more`)).status).toBe(404);
    // Who does not end its side.
    const socket = connect({ port: own.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write(`${text}and more`);
    await once(socket.resume(), "end");
    // Would wait for it.
    await own.close();
    socket.destroy();
  });

  it("is no fault of the server's when that ends in the middle of its work", async () => {
    const own = await runServer({ "large.tif": LARGE });
    const socket = new WebSocket(`${own.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    await once(socket, "open");
    const told: string[] = [];
    socket.on("message", (data) => told.push(String(data)));
    socket.send(JSON.stringify({ type: "connection_init" }));
    await expect.poll(() => told).toHaveLength(1);
    const tiles = `tiles(level: 0, x: { from: 0, to: 7 }, y: { from: 0, to: 7 }, tileSize: 256) { nodes { base64 } }`;
    const query = `{ image(key: "large") { render(formula: "window(median(median(b1, 4), 4), 0, 230)") { ${tiles} } } }`;
    socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query } }));
    await whenBusy(own);
    await own.close();
    expect(told.join()).not.toContain("INTERNAL");
    expect(own.events.join()).not.toMatch(/resolver|failed/i);
  });
});
