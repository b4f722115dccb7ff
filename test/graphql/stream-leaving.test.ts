import { getEventListeners, once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import WebSocket from "ws";
import { leavable } from "../../src/graphql/streams/leavable.ts";
import { measured, type Running, runServer, whenBusy, whenQuiet } from "../http/running.ts";

/** 8 × 8 tiles that take some milliseconds each. */
const ALL = 64;
const PLATE = { width: 512, height: 512, tile: [128, 128] as const, codec: "deflate" as const, seed: 4 };
const LARGE = { width: 2048, height: 2048, tile: [256, 256] as const, sparse: () => true };
const slowTiles = (n: number) =>
  `subscription { tiles(input: { imageKey: "plate", formula: "window(median(b1, 4), 0, ${200 + n})", level: 0, x: { from: 0, to: 7 }, y: { from: 0, to: 7 }, tileSize: 64 }) { x y } }`;

let server: Running;
beforeAll(async () => {
  server = await runServer(
    { "plate.tif": PLATE, "large.tif": LARGE },
    { limits: { streams: 3, streamOperations: 2, queryCost: 1_000_000 } },
  );
});
afterAll(() => server.close());
// What is to be looked after every twelve seconds: pings of WebSockets, heartbeats of event streams. None comes in these tests.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
});
afterEach(() => vi.useRealTimers());

const socketUrl = () => `${server.url.replace("http", "ws")}/graphql`;

function events(query: string, signal?: AbortSignal): Promise<Response> {
  return server.get("/graphql/stream", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ query }),
    ...(signal ? { signal } : {}),
  });
}

interface Told {
  readonly id?: string;
  readonly type: string;
  readonly payload?: unknown;
}

const read = (data: unknown) => JSON.parse(String(data)) as Told;

/** A WebSocket on which the protocol has begun, and what it is told from then on. */
async function connected() {
  const socket = new WebSocket(socketUrl(), "graphql-transport-ws");
  const tell = (message: object) => socket.send(JSON.stringify(message));
  await once(socket, "open");
  tell({ type: "connection_init" });
  await once(socket, "message");
  const told: Told[] = [];
  socket.on("message", (data) => told.push(read(data)));
  /** Resolves with the first message from now on that is about this operation. */
  const heard = (id: string) =>
    new Promise<Told>((resolve) => {
      socket.on("message", function look(data) {
        const message = read(data);
        if (message.id !== id) return;
        socket.off("message", look);
        resolve(message);
      });
    });
  return { socket, tell, told, heard };
}

describe("a client that leaves", () => {
  it("in the middle of an event stream ends the work for it, and gives its place to another", async () => {
    await (await events("{ colormaps { name } }")).text();
    const before = await whenQuiet(server);
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
      expect(vi.getTimerCount()).toBeGreaterThan(0);
      leave.abort();
      await whenQuiet(server);
    }
    expect((await whenQuiet(server)) - before).toBeLessThan(4 * (ALL / 2));
    await expect.poll(() => vi.getTimerCount()).toBe(0);
  });

  it("by closing its WebSocket does so too", async () => {
    const before = await whenQuiet(server);
    for (let n = 10; n < 14; n++) {
      const { socket, tell, heard } = await connected();
      tell({ id: "1", type: "subscribe", payload: { query: slowTiles(n) } });
      expect(await heard("1")).toMatchObject({ type: "next" });
      expect(vi.getTimerCount()).toBeGreaterThan(0);
      socket.terminate();
      await whenQuiet(server);
      await expect.poll(() => vi.getTimerCount()).toBe(0);
    }
    expect((await whenQuiet(server)) - before).toBeLessThan(4 * (ALL / 2));
  });

  it("from one operation of its WebSocket, and again under the same id, ends each, and what comes after is served", async () => {
    const before = await whenQuiet(server);
    const { socket, tell, told, heard } = await connected();
    const last = (type: string) => told.filter((message) => message.id === "last" && message.type === type).length;
    for (let n = 20; n < 26; n++) {
      tell({ id: "1", type: "subscribe", payload: { query: slowTiles(n) } });
      // Also what was still on its way of the one before: then it is left the sooner.
      expect(await heard("1")).toMatchObject({ type: "next" });
      tell({ id: "1", type: "complete" });
    }
    await whenQuiet(server);
    tell({ id: "last", type: "subscribe", payload: { query: slowTiles(26) } });
    await expect.poll(() => last("complete")).toBe(1);
    expect(last("next")).toBe(ALL);
    expect((await whenQuiet(server)) - before).toBeLessThan(ALL + 6 * (ALL / 2));
    socket.terminate();
  });

  it("from a query over its WebSocket ends the work for it", async () => {
    const before = await whenQuiet(server);
    const { socket, tell, told } = await connected();
    const tiles = (formula: string, to: number) =>
      `{ image(key: "large") { render(formula: "${formula}") { tiles(level: 0, x: { from: 0, to: ${to} }, y: { from: 0, to: ${to} }, tileSize: 256) { nodes { base64 } } } } }`;
    // Many seconds for the one worker, which the next must wait for if it is not ended.
    const slow = tiles("window(median(median(b1, 4), 4), 0, 230)", 7);
    tell({ id: "1", type: "subscribe", payload: { query: slow } });
    await whenBusy(server);
    tell({ id: "1", type: "complete" });
    tell({ id: "2", type: "subscribe", payload: { query: tiles("window(b1, 0, 231)", 0) } });
    await expect.poll(() => told.map(({ id, type }) => `${id} ${type}`)).toEqual(["2 next", "2 complete"]);
    expect((await measured(server, "bandloom_pictures_rendered_total")) - before).toBe(1);
    socket.terminate();
  });

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
    await whenQuiet(server);
    const version = { data: { server: { version: expect.any(String) } } };
    const answers = ["1", "3"].flatMap((id) => [expect.objectContaining({ id, type: "next", payload: version })]);
    expect(told.filter(({ type }) => type !== "complete")).toEqual(expect.arrayContaining(answers));
    expect(told).toHaveLength(4);
    socket.terminate();
  });

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
