import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "graphql-ws";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import WebSocket from "ws";
import { revoke } from "../../src/access/index.ts";
import { createState } from "../../src/state/index.ts";
import { headersOf, IMAGES, READABLE, SIGNING, type Tenants, tenants } from "../fixtures/tenants.ts";
import { type Running, runServer } from "../http/running.ts";
import { send } from "./access-roads.ts";

/** How often it is looked whether streams may go on, milliseconds: within a minute two times. */
const CHECK_MS = 30_000;
/** A million and more tiles of 64: a job on it ends when it is told to. */
const LARGE = { width: 65_536, height: 65_536, tile: [1024, 1024] as const, sparse: () => true };

const cache = mkdtempSync(join(tmpdir(), "bandloom-access-withdrawal-"));
let who: Tenants;
let server: Running;
/** As time does. */
let check: () => void;
let job: string;

beforeAll(async () => {
  who = await tenants();
  const intervals = vi.spyOn(globalThis, "setInterval");
  const options = { access: who.access, signing: SIGNING, cacheFolder: cache };
  server = await runServer({ ...IMAGES, "plates/large.tif": LARGE }, options);
  const [callback] = intervals.mock.calls.find(([, delay]) => delay === CHECK_MS) ?? [];
  if (!callback) throw new Error("Nobody looks whether streams may go on.");
  check = callback as () => void;
  intervals.mockRestore();
  const start = `mutation { prerender(input: { imageKey: "plates/large", formula: "window(b1, 0, 255)", tileSize: 64 }) { job { id } } }`;
  const { data } = await send(server, who.of("keeper"), start, "POST");
  job = (data as { prerender: { job: { id: string } } }).prerender.job.id;
});
afterAll(async () => {
  await send(server, who.of("keeper"), `mutation { cancelJob(input: { id: "${job}" }) { job { id } } }`, "POST");
  await server?.close();
  await who?.close();
  rmSync(cache, { recursive: true, force: true });
});

const watching = () => `subscription { jobUpdated(id: "${job}") { state } }`;

/** Events of a job that goes on; resolves when the first has come. */
async function follow(name: string): Promise<{ readonly ended: Promise<void>; isOver(): boolean; leave(): void }> {
  const leaving = new AbortController();
  const answer = await server.get("/graphql/stream", {
    method: "POST",
    headers: { ...headersOf(who.of(name)), "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ query: watching() }),
    signal: leaving.signal,
  });
  const reader = answer.body?.getReader();
  if (!reader || answer.status !== 200) throw new Error(`No stream: ${answer.status}`);
  await reader.read();
  let over = false;
  const ended = (async () => {
    while (!(await reader.read()).done);
    over = true;
  })();
  ended.catch(() => {});
  return { ended, isOver: () => over, leave: () => leaving.abort() };
}

/** The same by a WebSocket; resolves with the code that it was closed with. */
async function followBySocket(name: string): Promise<{ readonly closed: Promise<number>; readonly client: Client }> {
  let begun = () => {};
  const first = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const { authorization } = who.of(name);
  let client: Client | undefined;
  const closed = new Promise<number>((resolve) => {
    client = createClient({
      url: `${server.url.replace("http", "ws")}/graphql`,
      ...{ webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: { authorization } },
      on: { closed: (event) => resolve((event as { readonly code: number }).code) },
    });
    client.subscribe({ query: watching() }, { next: begun, error: () => {}, complete: () => {} });
  });
  await first;
  if (!client) throw new Error("There is no client.");
  return { closed, client };
}

async function linkOf(name: string): Promise<string> {
  const query = `{ image(key: "${READABLE}") { render(formula: "b1") { tile(level: 0, x: 0, y: 0) { url } } } }`;
  const { data } = await send(server, who.of(name), query, "POST");
  return (data as { image: { render: { tile: { url: string } } } }).image.render.tile.url;
}

async function withdraw(grant: string): Promise<void> {
  const state = createState({ redisUrl: null, folder: cache, log: () => {} });
  await revoke(state, grant, null);
  await state.close();
}

it("streams go on as long as the credential is good and the rules are the same", async () => {
  const [token, keeper] = [await follow("token"), await follow("keeper")];
  check();
  // A tick for what was asked to be answered.
  await expect.poll(async () => (await linkOf("lab")).length).toBeGreaterThan(0);
  expect([token.isOver(), keeper.isOver()]).toEqual([false, false]);
  // The token's time is over now.
  who.clock.pass(10 ** 12);
  check();
  await token.ended;
  expect(keeper.isOver()).toBe(false);
  keeper.leave();
});

it("a key that is removed is refused at the next look, its streams end, its links go on until they are withdrawn", async () => {
  const link = await linkOf("lab");
  const tile = `/tiles/${READABLE}/0/0/0.png?f=b1`;
  const [events, socket] = [await follow("lab"), await followBySocket("lab")];
  expect((await server.get(tile, { headers: headersOf(who.of("lab")) })).status).toBe(200);
  who.keep("all", "archive", "blind", "editor");
  expect((await server.get(tile, { headers: headersOf(who.of("lab")) })).status).toBe(401);
  expect((await send(server, who.of("lab"), "{ __typename }", "POST")).refused).toBe(true);
  check();
  await events.ended;
  expect(await socket.closed).toBe(4403);
  await socket.client.dispose();
  await expect(follow("lab")).rejects.toThrow("401");
  // Twice: the second time from memory.
  for (let time = 0; time < 2; time++) expect((await server.get(link)).status).toBe(200);
  await withdraw(who.grant("lab"));
  await expect.poll(async () => (await server.get(link)).status).toBe(410);
  const { code } = (await (await server.get(link)).json()) as { code: string };
  expect(code).toBe("LINK_EXPIRED");
  // Those of others are not touched.
  expect((await server.get(await linkOf("all"))).status).toBe(200);
});

it("who may still read has to subscribe again after the rules have changed, and can", async () => {
  const events = await follow("all");
  who.keep("all");
  check();
  await events.ended;
  const again = await follow("all");
  expect(again.isOver()).toBe(false);
  again.leave();
});
