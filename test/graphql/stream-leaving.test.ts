import { getEventListeners, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { leavable } from "../../src/graphql/streams/leavable.ts";
import { type Running, runServer } from "../http/running.ts";

/** 8 × 8 tiles that take some milliseconds each. */
const ALL = 64;
const PLATE = { width: 512, height: 512, tile: [128, 128] as const, codec: "deflate" as const, seed: 4 };
const slowTiles = (n: number) =>
  `subscription { tiles(input: { imageKey: "plate", formula: "window(median(b1, 4), 0, ${200 + n})", level: 0, x: { from: 0, to: 7 }, y: { from: 0, to: 7 }, tileSize: 64 }) { x y } }`;

let server: Running;
beforeAll(async () => {
  server = await runServer({ "plate.tif": PLATE }, { limits: { streams: 3, streamOperations: 2 } });
});
afterAll(() => server.close());

const socketUrl = () => `${server.url.replace("http", "ws")}/graphql`;

function events(query: string, signal?: AbortSignal): Promise<Response> {
  return server.get("/graphql/stream", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ query }),
    ...(signal ? { signal } : {}),
  });
}

async function rendered(): Promise<number> {
  const [, count] = /^bandloom_pictures_rendered_total (\d+)$/m.exec(await server.metrics.text()) ?? [];
  return Number(count);
}

/** Pictures that were rendered, when nothing is rendered any more. */
async function whenQuiet(): Promise<number> {
  for (let last = -1, now = await rendered(); ; last = now, now = await rendered()) {
    if (last === now) return now;
    await sleep(200);
  }
}

const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

/** Soon there are no more than before. Not by expect.poll, which has timers of its own. */
async function expectTimers(before: number): Promise<void> {
  for (let tries = 0; tries < 100 && timers() > before; tries++) await sleep(100);
  expect(timers()).toBeLessThanOrEqual(before);
}

interface Told {
  readonly id?: string;
  readonly type: string;
  readonly payload?: unknown;
}

/** A WebSocket on which the protocol has begun, and what it is told from then on. */
async function connected() {
  const socket = new WebSocket(socketUrl(), "graphql-transport-ws");
  const tell = (message: object) => socket.send(JSON.stringify(message));
  await once(socket, "open");
  tell({ type: "connection_init" });
  await once(socket, "message");
  const told: Told[] = [];
  socket.on("message", (data) => told.push(JSON.parse(String(data)) as Told));
  return { socket, tell, told };
}

describe("a client that leaves", () => {
  it("in the middle of an event stream ends the work for it, and gives its place to another", async () => {
    await (await events("{ colormaps { name } }")).text();
    const [before, timersBefore] = [await whenQuiet(), timers()];
    for (let n = 0; n < 4; n++) {
      const leave = new AbortController();
      const answer = await events(slowTiles(n), leave.signal);
      expect(answer.status).toBe(200);
      let text = "";
      for await (const chunk of answer.body ?? []) {
        text += Buffer.from(chunk).toString();
        if (text.includes("event: next")) break;
      }
      expect(text).toContain('"x":');
      leave.abort();
      await whenQuiet();
    }
    expect((await whenQuiet()) - before).toBeLessThan(4 * (ALL / 2));
    await expectTimers(timersBefore);
  }, 60_000);

  it("by closing its WebSocket does so too", async () => {
    const [before, timersBefore] = [await whenQuiet(), timers()];
    for (let n = 10; n < 14; n++) {
      const socket = new WebSocket(socketUrl(), "graphql-transport-ws");
      const told = new Promise<string>((resolve) => {
        socket.on("message", (data) => {
          const { type } = JSON.parse(String(data)) as { type: string };
          if (type === "next") resolve(String(data));
          if (type === "connection_ack")
            socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query: slowTiles(n) } }));
        });
      });
      await once(socket, "open");
      socket.send(JSON.stringify({ type: "connection_init" }));
      expect(await told).toContain('"x":');
      socket.terminate();
      await whenQuiet();
    }
    expect((await whenQuiet()) - before).toBeLessThan(4 * (ALL / 2));
    await expectTimers(timersBefore);
  }, 60_000);

  it("from one operation of its WebSocket, and again under the same id, ends each, and what comes after is served", async () => {
    const before = await whenQuiet();
    const { socket, tell, told } = await connected();
    const last = (type: string) => told.filter((message) => message.id === "last" && message.type === type).length;
    for (let n = 20; n < 26; n++) {
      tell({ id: "1", type: "subscribe", payload: { query: slowTiles(n) } });
      await sleep(10);
      tell({ id: "1", type: "complete" });
    }
    await whenQuiet();
    tell({ id: "last", type: "subscribe", payload: { query: slowTiles(26) } });
    await expect.poll(() => last("complete")).toBe(1);
    expect(last("next")).toBe(ALL);
    expect((await whenQuiet()) - before).toBeLessThan(ALL + 6 * (ALL / 2));
    socket.terminate();
  }, 60_000);

  it("from a query over its WebSocket ends the work for it", async () => {
    const before = await whenQuiet();
    const { socket, tell, told } = await connected();
    const tiles = (formula: string, to: number) =>
      `{ image(key: "plate") { render(formula: "${formula}") { tiles(level: 0, x: { from: 0, to: ${to} }, y: { from: 0, to: ${to} }, tileSize: 64) { nodes { base64 } } } } }`;
    // Long for the one worker, which the next must wait for if it is not ended.
    const slow = tiles("window(median(median(b1, 4), 4), 0, 230)", 7);
    tell({ id: "1", type: "subscribe", payload: { query: slow } });
    await sleep(50);
    tell({ id: "1", type: "complete" });
    tell({ id: "2", type: "subscribe", payload: { query: tiles("window(b1, 0, 231)", 0) } });
    await expect.poll(() => told.map(({ id, type }) => `${id} ${type}`)).toEqual(["2 next", "2 complete"]);
    expect((await rendered()) - before).toBe(1);
    socket.terminate();
  }, 60_000);

  it("and uses an id again is answered what it asked last, and has its places again at once", async () => {
    const { socket, tell, told } = await connected();
    for (let round = 0; round < 3; round++) {
      for (const id of ["1", "2"]) tell({ id, type: "subscribe", payload: { query: slowTiles(30 + round) } });
      for (const id of ["1", "2"]) tell({ id, type: "complete" });
    }
    for (const id of ["1", "3"]) tell({ id, type: "subscribe", payload: { query: "{ server { version } }" } });
    tell({ id: "2", type: "subscribe", payload: { query: slowTiles(33) } });
    tell({ id: "2", type: "complete" });
    const ended = () => told.filter(({ type }) => type === "complete").map(({ id }) => id);
    await expect.poll(() => ended().toSorted()).toEqual(["1", "3"]);
    await whenQuiet();
    const version = { data: { server: { version: expect.any(String) } } };
    const answers = ["1", "3"].flatMap((id) => [expect.objectContaining({ id, type: "next", payload: version })]);
    expect(told.filter(({ type }) => type !== "complete")).toEqual(expect.arrayContaining(answers));
    expect(told).toHaveLength(4);
    socket.terminate();
  }, 60_000);

  it("leaves no listener behind, nor what it was waiting for", async () => {
    const client = new AbortController();
    let ended = false;
    const source = async function* (signal: AbortSignal) {
      yield 1;
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      ended = true;
      yield 2;
    };
    const open = async (signal: AbortSignal) => source(signal);
    const left = await leavable(client.signal, open);
    expect(await left.next()).toEqual({ done: false, value: 1 });
    const waiting = left.next();
    expect(await left.return()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await left.next()).toEqual({ done: true, value: undefined });
    await expect.poll(() => ended).toBe(true);
    expect(getEventListeners(client.signal, "abort")).toHaveLength(0);
    const gone = await leavable(client.signal, open);
    await gone.next();
    const cut = gone.next();
    client.abort();
    expect(await cut).toEqual({ done: true, value: undefined });
    const failing = await leavable(new AbortController().signal, async () => {
      return (async function* () {
        if (ended) throw new Error("broken");
        yield 1;
      })();
    });
    await expect(failing.next()).rejects.toThrow("broken");
  });
});
