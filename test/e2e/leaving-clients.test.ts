import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { Latch } from "../fixtures/latch.ts";
import { type RangeServer, startRangeServer } from "../fixtures/range-server.ts";
import { freePort, type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";

const SIDE = 2048;
/** Requests that wait for a network, as many as one worker takes at a time (SLOTS of src/render/pool/lane.ts): then all others wait. */
const PLUGS = 12;

const data = mkdtempSync(join(tmpdir(), "bandloom-leaving-"));
let server: RunningServer;
let metrics: string;
/** Behind a network that a test stops: what asks for it holds the one worker for as long as the test wants. */
let far: RangeServer;
let latch: Latch | null = null;
beforeAll(async () => {
  const value = (x: number, y: number) => (x * 7919 + y * 104729 + x * y) % 65_521;
  const layout = { width: SIDE, height: SIDE, bits: 16, tile: [256, 256] } as const;
  writeFileSync(join(data, "plate.tif"), buildTiff({ directories: [{ ...layout, value }] }));
  // Its tiles lie behind what is read when the image is opened, far enough from each other to be asked for one by one.
  const plug = buildTiff({ directories: [{ width: 4 * 512, height: 6 * 512, type: "uint16", tile: [512, 512] }] });
  far = await startRangeServer(new Map([["plug.tif", plug]]), { hold: async (request) => latch?.hold(request) });
  writeFileSync(join(data, "catalogue.yaml"), `images:\n  plug: { source: "${far.url}/plug.tif" }\n`);
  const port = await freePort();
  metrics = `http://127.0.0.1:${port}/metrics`;
  server = await startServer({
    data,
    environment: {
      ...{ BANDLOOM_WORKERS: "1", BANDLOOM_LOG_LEVEL: "info", BANDLOOM_METRICS_PORT: `${port}` },
      ...{ BANDLOOM_ALLOWED_SOURCES: far.url, BANDLOOM_SOURCE_TIMEOUT_MS: "600000" },
    },
  });
});
afterAll(async () => {
  latch?.open();
  await server?.stop();
  await far?.close();
  rmSync(data, { recursive: true, force: true });
});

/** A picture that takes a tenth of a second or more to make, another one for each number. */
const slow = (n: number) =>
  `/tiles/plate/3/${n % 2}/0.avif?s=1024&f=${encodeURIComponent(`window(b1, 0, ${9000 + n})`)}`;

/** One that takes seconds. */
const verySlow = (n: number) =>
  `/tiles/plate/3/${n % 2}/0.avif?s=1024&f=${encodeURIComponent(`window(median(median(b1, 4), 4), 0, ${9000 + n})`)}`;

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);

const get = (path: string) => fetch(server.url + path);

/** A client that asks and is then in our hands; the server has read what it asks. `answer` is its head and what came with it. */
async function client(path: string): Promise<{ readonly socket: Socket; readonly answer: Promise<string> }> {
  const socket = connect(server.port, "127.0.0.1").on("error", () => {});
  await once(socket, "connect");
  // In one piece with another, whose answer comes first.
  socket.write(`GET /healthz HTTP/1.1\r\nHost: test\r\n\r\nGET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
  let text = "";
  const answer = new Promise<string>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const second = text.indexOf("HTTP/1.1 ", 1);
      if (second < 0) return;
      // It reads no more.
      socket.pause();
      resolve(text.slice(second));
    });
  });
  await once(socket, "data");
  return { socket, answer };
}

/** Requests that wait for the worker. */
async function queued(): Promise<number> {
  const text = await (await fetch(metrics)).text();
  return Number(/^bandloom_render_queue\S* (\d+)$/m.exec(text)?.[1]);
}

/** The one worker has as much to do as it takes, until the plug is drawn. Each time needs rows of its own: what was read is kept. */
async function plugged(firstRow: 0 | 3): Promise<() => Promise<void>> {
  // The image is known before: to open it would be more requests.
  await server.query('{ image(key: "plug") { width } }');
  const held = new Latch();
  latch = held;
  const plugs = numbers(0, PLUGS).map((n) =>
    get(`/tiles/plug/4/${n % 4}/${firstRow + (n >> 2)}.png?s=512&f=window(b1,0,9)`),
  );
  await expect.poll(() => held.held).toBe(PLUGS);
  return async () => {
    held.open();
    for (const answer of await Promise.all(plugs)) expect(answer.status).toBe(200);
  };
}

const departures = () => server.output().match(/"status":499/g)?.length ?? 0;

describe("the work for clients that leave", () => {
  it("is dropped while it waits, and that of the others is done", async () => {
    const before = departures();
    const draw = await plugged(0);
    const leaving = await Promise.all(numbers(100, 10).map((n) => client(slow(n))));
    await expect.poll(queued).toBe(10);
    const staying = numbers(0, 4).map((n) => get(slow(n)));
    await expect.poll(queued).toBe(14);
    for (const { socket } of leaving) socket.destroy();
    await expect.poll(departures).toBe(before + 10);
    await expect.poll(queued).toBe(4);
    await draw();
    for (const answer of await Promise.all(staying)) expect(answer.status).toBe(200);
    // Had one been rendered all the same, it would lie in memory now.
    for (const n of numbers(100, 10)) expect((await get(slow(n))).headers.get("x-bandloom-cache")).toBe("RENDERED");
  }, 60_000);

  it("is dropped while it is done", async () => {
    const before = departures();
    const { socket } = await client(verySlow(200));
    socket.destroy();
    await expect.poll(departures).toBe(before + 1);
    expect((await get(verySlow(200))).headers.get("x-bandloom-cache")).toBe("RENDERED");
  });

  it("goes on where others wait for the same, and is done once", async () => {
    const before = departures();
    const draw = await plugged(3);
    const leaving = await Promise.all(numbers(0, 5).map(() => client(slow(400))));
    await expect.poll(queued).toBe(1);
    const staying = await Promise.all(numbers(0, 3).map(() => client(slow(400))));
    // What was asked after them waits: so do they.
    const last = get(slow(401));
    await expect.poll(queued).toBe(2);
    for (const { socket } of leaving) socket.destroy();
    await expect.poll(departures).toBe(before + 5);
    expect(await queued()).toBe(2);
    await draw();
    // The render was begun for one that left: all who stayed share it.
    for (const { socket, answer } of staying) {
      expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
      expect(await answer).toMatch(/x-bandloom-cache: SHARED/i);
      socket.destroy();
    }
    expect((await last).status).toBe(200);
  }, 60_000);

  it("costs no more than the answer when they leave while it is sent", async () => {
    const before = departures();
    // 16 MB: more than the system takes over for a client that does not read.
    const { socket, answer } = await client(`/regions/plate/0,0,${SIDE},${SIDE}/${SIDE}.npy?f=b1`);
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
    await expect.poll(departures).toBe(before + 1);
    expect((await get("/healthz")).status).toBe(200);
  });

  it("ends with a WebSocket on which they ask and never read, and of those that are cut off nothing is told", async () => {
    const [told, before] = [server.output().length, departures()];
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    socket.on("error", () => {});
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "connection_init" }));
    await once(socket, "message");
    socket.pause();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    const ping = JSON.stringify({ type: "ping", payload: { text: "x".repeat(2 ** 19) } });
    for (let n = 0; n < 2 ** 8 && socket.readyState === WebSocket.OPEN; n++)
      await new Promise((resolve) => socket.send(ping, resolve));
    socket.resume();
    await closed;
    // What is told of it comes before what is told of this.
    (await client(verySlow(201))).socket.destroy();
    await expect.poll(departures).toBe(before + 1);
    const lines = server.output().slice(told).split("\n");
    expect(lines.filter((line) => line !== "" && !line.includes('"status":499'))).toEqual([]);
  }, 60_000);

  it("is told as that and nothing else: no request counts as failed", () => {
    expect(server.output()).not.toMatch(/A request failed|unhandled|"level":50/i);
  });
});
