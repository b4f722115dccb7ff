import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";

const SIDE = 2048;
/** Long enough for requests to have arrived, short beside the work that lies before them. */
const ARRIVAL_MS = 300;

const data = mkdtempSync(join(tmpdir(), "bandloom-leaving-"));
let server: RunningServer;
beforeAll(async () => {
  const value = (x: number, y: number) => (x * 7919 + y * 104729 + x * y) % 65_521;
  const layout = { width: SIDE, height: SIDE, bits: 16, tile: [256, 256] } as const;
  writeFileSync(join(data, "plate.tif"), buildTiff({ directories: [{ ...layout, value }] }));
  server = await startServer({ data, environment: { BANDLOOM_WORKERS: "1", BANDLOOM_LOG_LEVEL: "info" } });
});
afterAll(async () => {
  await server?.stop();
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

/** What was sent before has arrived, and been looked at: on a busy machine that takes longer, as what is asked now does. */
async function arrival(): Promise<void> {
  for (let n = 0; n < 3; n++) await get("/healthz");
  await sleep(ARRIVAL_MS);
}

/** A client that asks and is then in our hands. */
async function client(path: string): Promise<Socket> {
  const socket = connect(server.port, "127.0.0.1").on("error", () => {});
  await once(socket, "connect");
  socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
  return socket;
}

const departures = () => server.output().match(/"status":499/g)?.length ?? 0;

describe("the work for clients that leave", () => {
  it("is dropped while it waits, and that of the others is done", async () => {
    const before = departures();
    const staying = numbers(0, 60).map((n) => get(slow(n)));
    await arrival();
    const leaving = await Promise.all(numbers(100, 10).map((n) => client(slow(n))));
    await arrival();
    for (const socket of leaving) socket.destroy();
    for (const answer of await Promise.all(staying)) expect(answer.status).toBe(200);
    await expect.poll(departures).toBe(before + 10);
    // Had one been rendered all the same, it would lie in memory now.
    for (const n of numbers(100, 10)) expect((await get(slow(n))).headers.get("x-bandloom-cache")).toBe("RENDERED");
  }, 60_000);

  it("is dropped while it is done", async () => {
    const before = departures();
    const socket = await client(verySlow(200));
    await sleep(20);
    socket.destroy();
    await expect.poll(departures).toBe(before + 1);
    expect((await get(verySlow(200))).headers.get("x-bandloom-cache")).toBe("RENDERED");
  });

  it("goes on where others wait for the same, and is done once", async () => {
    const before = departures();
    const busy = numbers(300, 60).map((n) => get(slow(n)));
    const leaving = await Promise.all(numbers(0, 5).map(() => client(slow(400))));
    await arrival();
    const staying = numbers(0, 3).map(() => get(slow(400)));
    await arrival();
    for (const socket of leaving) socket.destroy();
    const answers = await Promise.all(staying);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    // The render was begun for one that left: all who stayed share it.
    expect(answers.map(({ headers }) => headers.get("x-bandloom-cache"))).toEqual(["SHARED", "SHARED", "SHARED"]);
    await Promise.all(busy);
    await expect.poll(departures).toBe(before + 5);
  }, 60_000);

  it("costs no more than the answer when they leave while it is sent", async () => {
    const before = departures();
    // 16 MB: more than the system takes over for a client that does not read.
    const socket = await client(`/regions/plate/0,0,${SIDE},${SIDE}/${SIDE}.npy?f=b1`);
    const [first] = (await once(socket, "data")) as [Buffer];
    expect(first.toString("latin1")).toMatch(/^HTTP\/1\.1 200 /);
    socket.pause();
    await arrival();
    socket.destroy();
    await expect.poll(departures).toBe(before + 1);
    expect((await get("/healthz")).status).toBe(200);
  });

  it("ends with a WebSocket on which they ask and never read, and of those that are cut off nothing is told", async () => {
    const told = server.output().length;
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
    expect((await get("/healthz")).status).toBe(200);
    await arrival();
    const lines = server.output().slice(told).split("\n");
    expect(lines.filter((line) => line !== "" && !line.includes("/healthz"))).toEqual([]);
  }, 60_000);

  it("is told as that and nothing else: no request counts as failed", () => {
    expect(server.output()).not.toMatch(/A request failed|unhandled|"level":50/i);
  });
});
