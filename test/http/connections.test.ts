import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Running, requestText, runServer } from "./running.ts";

let server: Running;
const sockets: Socket[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

async function open(localAddress = "127.0.0.1"): Promise<Socket> {
  const socket = connect({ port: server.port, host: "127.0.0.1", localAddress }).on("error", () => {});
  sockets.push(socket);
  await once(socket, "connect");
  return socket;
}

/** The status of a request; the connection stays. */
async function ask(socket: Socket): Promise<number> {
  socket.write("GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n");
  return statusOn(socket);
}

/** What comes without a request, where something does. */
async function statusOn(socket: Socket): Promise<number> {
  const [answer] = (await once(socket, "data")) as [Buffer];
  return Number(answer.toString("latin1").split(" ")[1]);
}

/** Who is sent away may be told so many times at once. */
const [TOLD, BEYOND] = [256, 44];

const CODES = { 429: "QUOTA_EXCEEDED", 503: "OVERLOADED" };

describe("connections", () => {
  it.each([
    [{ connections: 8, clientConnections: 3 }, 3, 429],
    [{ connections: 3, clientConnections: 8 }, 3, 503],
  ] as const)(
    "are so many at a time (%j), and who comes after is told so at once and let go",
    async (limits, most, status) => {
      server = await runServer({}, { limits });
      const first = await open();
      for (let n = 1; n < most; n++) await open();
      expect(await ask(first)).toBe(200);
      const refused = await server.raw(requestText("/healthz"));
      expect([refused.status, refused.headers.get("connection")]).toEqual([status, "close"]);
      expect(JSON.parse(refused.body)).toMatchObject({ code: CODES[status] });
      // Without a word of its own too.
      expect(await statusOn(await open())).toBe(status);
      // Those who are in stay, and who leaves makes room.
      expect(await ask(first)).toBe(200);
      first.destroy();
      await expect.poll(async () => (await server.raw(requestText("/healthz"))).status).toBe(200);
    },
  );

  it.runIf(process.platform === "linux")("of one client leave room for another", async () => {
    server = await runServer({}, { limits: { connections: 8, clientConnections: 3 } });
    for (let n = 0; n < 3; n++) await open();
    expect(await statusOn(await open())).toBe(429);
    expect(await ask(await open("127.0.0.2"))).toBe(200);
  });

  it("of a named proxy are not those of one client, and still so many", async () => {
    server = await runServer({}, { limits: { connections: 5, clientConnections: 1 }, trustedProxies: ["127.0.0.1"] });
    for (let n = 0; n < 5; n++) expect(await ask(await open())).toBe(200);
    expect(await statusOn(await open())).toBe(503);
  });

  it("count once where a client asks for another protocol and is served without", async () => {
    server = await runServer({}, { limits: { clientConnections: 2 } });
    const socket = await open();
    for (let round = 0; round < 4; round++) {
      socket.write("GET /healthz HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
      expect(await statusOn(socket)).toBe(200);
    }
    expect(await ask(await open())).toBe(200);
  });

  it("are told why they are refused so many at a time, and cut off without a word beyond", async () => {
    server = await runServer({}, { limits: { clientConnections: 1 } });
    await open();
    // The second after which those who were told are cut off does not come to pass.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let told = 0;
    let ended = 0;
    for (let n = 0; n < TOLD + BEYOND; n++) {
      const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => {});
      sockets.push(socket);
      socket.once("data", () => told++).once("end", () => ended++);
    }
    await expect.poll(() => [told, ended]).toEqual([TOLD, TOLD + BEYOND]);
    vi.runAllTimers();
    const status = () =>
      server.raw(requestText("/healthz")).then(
        (answer) => answer.status,
        () => 0,
      );
    await expect.poll(status).toBe(429);
  });

  it("that are refused and do not hang up are cut off", async () => {
    server = await runServer({}, { limits: { clientConnections: 1 } });
    await open();
    const refused = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => {});
    sockets.push(refused);
    expect(await statusOn(refused)).toBe(429);
    // It goes on sending, to nobody, until the system tells that there is nobody.
    const sending = setInterval(() => refused.write("x"), 5);
    await new Promise((resolve) => refused.once("close", resolve));
    clearInterval(sending);
  });
});
