import { once } from "node:events";
import { type IncomingMessage, request, ServerResponse } from "node:http";
import { createClient } from "graphql-ws";
import { afterEach, describe, expect, it, vi } from "vitest";
import WebSocket from "ws";
import { guardedBy } from "../fixtures/access.ts";
import { measured, type Running, runServer, whenQuiet } from "../http/running.ts";

const PLATE = { width: 64, height: 64 };
const TOKEN = "a-token-of-these-tests";
const CANCEL = `mutation { cancelJob(input: { id: "${Buffer.from(`Job:${"0".repeat(32)}`).toString("base64url")}" }) { userErrors { message } } }`;

/** 64 tiles of 1 MiB, 1.4 as base64: many more than the sockets of both sides hold. */
const VAST = { width: 2048, height: 2048, tile: [256, 256] as const, sparse: () => true };
const ALL = 64;
const NUMBERS = `subscription { tiles(input: { imageKey: "vast", formula: "b1; b1; b1; b1", level: 0, x: { from: 0, to: 7 }, y: { from: 0, to: 7 }, tileSize: 256, encoding: { format: NPY } }) { base64 } }`;

const EVENT = "event: next";

const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  // First the spy on the fake timer, which would be put back after the real one.
  vi.restoreAllMocks();
  vi.useRealTimers();
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(options: Parameters<typeof runServer>[1]): Promise<Running> {
  const server = await runServer({ "plate.tif": PLATE }, options);
  closing.push(() => server.close());
  return server;
}

function events(server: Running, query: string, headers: Record<string, string> = {}): Promise<Response> {
  return server.get("/graphql/stream", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", ...headers },
    body: JSON.stringify({ query }),
  });
}

function open(server: Running): WebSocket {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  socket.on("error", () => {});
  closing.push(() => socket.terminate());
  return socket;
}

/** One on which its client has said that it speaks the protocol. */
async function begun(server: Running): Promise<WebSocket> {
  const socket = open(server);
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "connection_init" }));
  await once(socket, "message");
  return socket;
}

/** Events of which nothing is read until somebody does. */
async function unread(server: Running, query: string): Promise<IncomingMessage> {
  const headers = { "content-type": "application/json", accept: "text/event-stream" };
  const asked = request(`${server.url}/graphql/stream`, { method: "POST", headers }).end(JSON.stringify({ query }));
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  expect(answer.statusCode).toBe(200);
  return answer;
}

const rendered = (server: Running) => measured(server, "bandloom_pictures_rendered_total");

async function overSocket(server: Running, query: string, connectionParams = {}): Promise<readonly unknown[]> {
  const url = `${server.url.replace("http", "ws")}/graphql`;
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams });
  try {
    const results: unknown[] = [];
    for await (const result of client.iterate({ query })) results.push(result);
    return results;
  } finally {
    await client.dispose();
  }
}

describe("streams", () => {
  it("tell nothing of the schema where introspection is off, over both", async () => {
    const server = await start({ introspection: false });
    for (const query of [
      "{ __schema { types { name } } }",
      '{ __type(name: "Tile") { name } }',
      "{ imagees { key } }",
    ]) {
      const answer = await events(server, query);
      expect(answer.status).toBe(400);
      const text = await answer.text();
      expect(text).toContain("GRAPHQL_VALIDATION_FAILED");
      expect(text).not.toContain("Did you mean");
      const refused = JSON.stringify(await overSocket(server, query).catch((errors: unknown) => errors));
      expect(refused).toContain("GRAPHQL_VALIDATION_FAILED");
      expect(refused).not.toContain("Did you mean");
    }
  });

  it("tell a few of many errors, and of each what kind it is, over both", async () => {
    const server = await start({});
    const many = `{ ${Array.from({ length: 50 }, (_, n) => `none${n}`).join(" ")} }`;
    const { errors } = (await (await events(server, many)).json()) as { errors: readonly object[] };
    const refused = await overSocket(server, many).catch((reason: unknown) => reason);
    expect(refused).toEqual(errors);
    expect(errors).toHaveLength(21);
    expect(errors.at(-1)).toMatchObject({ message: "30 more errors are not shown.", extensions: { omitted: 30 } });
    // What only execution finds wrong.
    const unset = "query ($key: String!) { image(key: $key) { key } }";
    const [, told = ""] = /^data: (.*)$/m.exec(await (await events(server, unset)).text()) ?? [];
    expect(JSON.parse(told)).toMatchObject({ errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
    expect(await overSocket(server, unset)).toEqual([JSON.parse(told)]);
  });

  it("are so many at a time, those over it are told so, and who leaves makes room", async () => {
    const server = await start({ limits: { streams: 2 } });
    const [first, second] = [open(server), open(server)];
    for (const socket of [first, second]) {
      await once(socket, "open");
      socket.send(JSON.stringify({ type: "connection_init" }));
    }
    const refused = await events(server, "{ colormaps { name } }");
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: "OVERLOADED" } }] });
    const third = open(server);
    const [, answer] = (await once(third, "unexpected-response")) as [unknown, { statusCode: number }];
    expect(answer.statusCode).toBe(503);
    first.terminate();
    await expect.poll(async () => (await events(server, "{ colormaps { name } }")).status).toBe(200);
    const limits = await server.get("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"query":"{ server { limits { streams streamOperations jobTiles jobsAtOnce } } }"}',
    });
    expect(await limits.json()).toEqual({
      data: { server: { limits: { streams: 2, streamOperations: 16, jobTiles: 4_194_304, jobsAtOnce: 16 } } },
    });
  });

  it("render no more for a client that does not read than is on its way, and all of it when it reads", async () => {
    const server = await runServer({ "vast.tif": VAST }, { limits: { inlineBytes: 2 ** 28 } });
    closing.push(() => server.close());
    const answer = await unread(server, NUMBERS);
    closing.push(() => answer.destroy());
    await expect.poll(() => rendered(server)).toBeGreaterThan(0);
    const held = await whenQuiet(server);
    // 16 that are under way, and those in the buffers of the sockets.
    expect(held).toBeLessThan(ALL - 16);
    let told = 0;
    // What lies across two parts is found with the second.
    let end = "";
    for await (const part of answer.setEncoding("latin1")) {
      const text = end + String(part);
      told += text.split(EVENT).length - 1;
      end = text.slice(-EVENT.length + 1);
    }
    expect([told, await rendered(server)]).toEqual([ALL, ALL]);
  });

  it("of which nothing is read for a minute are cut off, and make room", async () => {
    // That minute lasts a tenth of a second.
    const wait = ServerResponse.prototype.setTimeout;
    vi.spyOn(ServerResponse.prototype, "setTimeout").mockImplementation(function (this: ServerResponse, ms, then) {
      return wait.call(this, ms / 600, then);
    });
    const server = await runServer({ "vast.tif": VAST }, { limits: { inlineBytes: 2 ** 28, streams: 1 } });
    closing.push(() => server.close());
    const answer = await unread(server, NUMBERS);
    closing.push(() => answer.destroy());
    expect((await events(server, "{ colormaps { name } }")).status).toBe(503);
    await expect.poll(async () => (await events(server, "{ colormaps { name } }")).status).toBe(200);
  });

  it("change nothing without the token where there is one, over both", async () => {
    const server = await start({ access: guardedBy(TOKEN) });
    expect(await (await events(server, CANCEL)).text()).toContain("UNAUTHENTICATED");
    expect(await (await events(server, CANCEL, { authorization: "Bearer no" })).text()).toContain("UNAUTHENTICATED");
    expect(await (await events(server, CANCEL, { authorization: `Bearer ${TOKEN}` })).text()).toContain("no job");
    const code = (results: readonly unknown[]) => JSON.stringify(results);
    expect(code(await overSocket(server, CANCEL))).toContain("UNAUTHENTICATED");
    expect(code(await overSocket(server, CANCEL, { authorization: "Bearer no" }))).toContain("UNAUTHENTICATED");
    expect(code(await overSocket(server, CANCEL, { authorization: `Bearer ${TOKEN}` }))).toContain("no job");
  });

  it("change nothing where mutations are off", async () => {
    const server = await start({ access: guardedBy(null) });
    expect(await (await events(server, CANCEL)).text()).toContain("UNAUTHENTICATED");
    expect(JSON.stringify(await overSocket(server, CANCEL))).toContain("UNAUTHENTICATED");
  });
});

describe("a WebSocket", () => {
  it("on which nobody begins is closed", async () => {
    const server = await start({});
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const socket = open(server);
    const closed = once(socket, "close");
    // Answered, so that the server waits already.
    await once(socket, "open");
    vi.advanceTimersByTime(5_000);
    expect((await closed)[0]).toBe(4408);
  });

  it("on which nothing runs is closed after a minute, whatever is said on it; one with an operation is not", async () => {
    const server = await runServer({ "vast.tif": VAST }, { limits: { inlineBytes: 2 ** 28 } });
    closing.push(() => server.close());
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    // Without pings: on a slow machine they would cut off who does not read for so long.
    vi.spyOn(globalThis, "setInterval").mockReturnValue(setTimeout(() => {}));
    const [idle, busy] = [await begun(server), await begun(server)];
    const types: string[] = [];
    busy.on("message", (text) => types.push((JSON.parse(String(text)) as { readonly type: string }).type));
    busy.pause();
    busy.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query: NUMBERS } }));
    await expect.poll(() => rendered(server)).toBeGreaterThan(0);
    // What it has not read holds the rest up.
    await whenQuiet(server);
    vi.advanceTimersByTime(59_000);
    idle.send('{"type":"ping"}');
    await once(idle, "message");
    const closed = once(idle, "close");
    vi.advanceTimersByTime(1_000);
    expect((await closed)[0]).toBe(1000);
    vi.advanceTimersByTime(600_000);
    busy.resume();
    await expect.poll(() => types.at(-1)).toBe("complete");
    expect(types.filter((type) => type === "next")).toHaveLength(ALL);
    const ended = once(busy, "close");
    await expect.poll(() => vi.advanceTimersByTime(60_000) && busy.readyState).toBe(WebSocket.CLOSED);
    expect((await ended)[0]).toBe(1000);
  });

  it("that is closed so is opened again by a client that wants to stay, which counts no failure", async () => {
    const server = await start({ limits: { streamIdleMs: 20 } });
    const seen: unknown[] = [];
    const client = createClient({
      ...{ url: `${server.url.replace("http", "ws")}/graphql`, webSocketImpl: WebSocket },
      ...{ lazy: false, retryAttempts: 0, onNonLazyError: (error) => seen.push(error) },
      on: { connected: () => seen.push("connected") },
    });
    closing.push(() => client.dispose());
    await expect.poll(() => seen.length).toBeGreaterThan(2);
    expect(new Set(seen)).toEqual(new Set(["connected"]));
  });

  it("that sends a huge message, or what is no message, is closed, and the next one is served", async () => {
    const server = await start({});
    const huge = open(server);
    await once(huge, "open");
    huge.send("x".repeat(2 ** 20 + 1));
    expect((await once(huge, "close"))[0]).toBe(1009);
    const wrong = open(server);
    await once(wrong, "open");
    wrong.send("{");
    expect((await once(wrong, "close"))[0]).toBe(4400);
    expect(await overSocket(server, "{ colormaps { name } }")).toHaveLength(1);
  });

  it("that asks and never reads is cut off", async () => {
    const server = await start({});
    const socket = open(server);
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "connection_init" }));
    await once(socket, "message");
    socket.pause();
    const ping = JSON.stringify({ type: "ping", payload: { text: "x".repeat(2 ** 19) } });
    let closed = false;
    socket.on("close", () => {
      closed = true;
    });
    for (let n = 0; n < 2 ** 8 && socket.readyState === WebSocket.OPEN; n++)
      await new Promise((resolve) => socket.send(ping, resolve));
    socket.resume();
    await expect.poll(() => closed).toBe(true);
  });

  it("that says no goodbye does not hold up the end of the server", async () => {
    const server = await runServer({ "plate.tif": PLATE });
    // The library would wait for 30 s, and pings find nobody after 24: this clock never comes there.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    const socket = open(server);
    await once(socket, "open");
    socket.pause();
    const timers = vi.spyOn(globalThis, "setTimeout");
    const ended = server.close();
    await expect.poll(() => timers.mock.calls.map(([, delay]) => delay)).toContain(2_000);
    vi.advanceTimersByTime(2_000);
    await ended;
  });
});
