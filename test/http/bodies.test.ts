import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Running, requestText, runServer } from "./running.ts";

const MIB = 2 ** 20;
const QUERY = '{"query":"{ colormaps { name } }"}';
/** Of one client, and of all. */
const [SHARE, ALL] = [16, 64];
/** Between two looks a body that goes on has grown by so much. */
const STEP = 70_000;

let server: Running;
const sockets: Socket[] = [];
afterEach(async () => {
  // First the spy on the fake timer, which would be put back after the real one.
  vi.restoreAllMocks();
  vi.useRealTimers();
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

/** The head of a request, and as many bytes of its body. */
async function begin(headers: Readonly<Record<string, string | number>>, bytes = 0): Promise<Socket> {
  const socket = connect(server.port, "127.0.0.1").on("error", () => {});
  sockets.push(socket);
  const lines = Object.entries({ host: "a", "content-type": "application/json", ...headers });
  socket.write(`POST /graphql HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
  if (bytes > 0) socket.write(" ".repeat(bytes));
  await once(socket, "connect");
  return socket;
}

async function answerOn(socket: Socket): Promise<string> {
  const [answer] = (await once(socket, "data")) as [Buffer];
  return answer.toString("latin1");
}

const whole = (body: string, headers = {}) =>
  server.get("/graphql", { method: "POST", headers: { "content-type": "application/json", ...headers }, body });

describe("large bodies", () => {
  it("are so many at a time for one client; more are refused unread, small ones are not, and who leaves makes room", async () => {
    server = await runServer({});
    const [first] = await Promise.all(Array.from({ length: SHARE }, () => begin({ "content-length": MIB }, 100)));
    const refused = await begin({ "content-length": MIB }, 100);
    const answer = await answerOn(refused);
    expect(answer).toMatch(/^HTTP\/1.1 429 [\s\S]*QUOTA_EXCEEDED/);
    // The rest is thrown away, and the connection as good as before.
    refused.write(`${" ".repeat(MIB - 100)}GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(await answerOn(refused)).toMatch(/^HTTP\/1.1 200/);
    expect((await whole(QUERY)).status).toBe(200);
    expect((await whole(QUERY + " ".repeat(MIB / 2))).status).toBe(429);
    first?.destroy();
    await expect.poll(async () => (await whole(QUERY + " ".repeat(MIB / 2))).status).toBe(200);
  });

  it("are so many at a time for all, and one whose length is not told counts as the largest", async () => {
    server = await runServer({}, { trustedProxies: ["127.0.0.1"] });
    const clients = Array.from({ length: ALL }, (_, n) => `192.0.2.${n % (ALL / SHARE)}`);
    await Promise.all(clients.map((client) => begin({ "x-forwarded-for": client, "transfer-encoding": "chunked" })));
    const last = await whole(QUERY + " ".repeat(MIB / 2), { "x-forwarded-for": "192.0.2.99" });
    expect([last.status, last.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await last.json()).toMatchObject({ code: "OVERLOADED" });
  });

  it("are given back when they have come whole", async () => {
    server = await runServer({});
    for (let n = 0; n < 2 * SHARE; n++) expect((await whole(QUERY + " ".repeat(MIB - 100))).status).toBe(200);
  });

  it("that are too large are told so, and hold nothing", async () => {
    server = await runServer({});
    for (let n = 0; n < SHARE + 1; n++) {
      const large = await begin({ "content-length": 2 * MIB }, 100);
      expect(await answerOn(large)).toMatch(/^HTTP\/1.1 413/);
    }
  });
});

describe("a body that comes slowly", () => {
  it("is given up, and its client told; one that goes on, or is whole, is not", async () => {
    server = await runServer({});
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const timers = vi.spyOn(globalThis, "setInterval");
    const looks = () => timers.mock.calls.filter(([, delay]) => delay === 8_000).length;
    const silent = await begin({ "content-length": MIB }, MIB / 4);
    const steady = await begin({ "content-length": MIB }, 1000);
    await expect.poll(looks).toBe(2);
    expect((await whole(QUERY)).status).toBe(200);
    const told = answerOn(silent);
    const isGone = once(silent, "close");
    // The first look finds the quarter that came soon after the head, the second nothing more.
    for (let look = 0; look < 2; look++) {
      await send(steady, STEP);
      vi.advanceTimersByTime(8_000);
    }
    expect(await told).toMatch(/^HTTP\/1.1 400 [\s\S]*took too long/);
    await isGone;
    steady.write(QUERY.padStart(MIB - 1000 - 2 * STEP));
    expect(await answerOn(steady)).toMatch(/^HTTP\/1.1 200/);
  });

  /** Resolves when the server has read them. */
  async function send(socket: Socket, bytes: number): Promise<void> {
    await new Promise((resolve) => socket.write(" ".repeat(bytes), resolve));
    // A request that comes after is answered when what came before was read.
    for (let n = 0; n < 3; n++) await server.raw(requestText("/healthz"));
  }
});
