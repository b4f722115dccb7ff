import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { handleProtocols, makeServer } from "graphql-ws";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { Arrivals } from "../../src/graphql/streams/arrivals.ts";
import { carry } from "../../src/graphql/streams/carry.ts";

const told: unknown[] = [];
const sockets = new WebSocketServer({ noServer: true, handleProtocols });
const protocol = makeServer<undefined, null>({
  // Nobody here says that it speaks the protocol: without a limit they stay for as long as a test takes.
  connectionInitWaitTimeout: 0,
  onPing: () => {
    throw new Error("broken inside");
  },
});
let server: Server;
beforeAll(async () => {
  server = createServer().listen(0, "127.0.0.1");
  server.on("upgrade", (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (client) =>
      carry(protocol, client, null, new Arrivals(new Map()), (error) => told.push(error)),
    );
  });
  await once(server, "listening");
});
afterAll(() => server.close());
afterEach(() => {
  told.length = 0;
  vi.useRealTimers();
});

async function connected(options: WebSocket.ClientOptions = {}): Promise<WebSocket> {
  const { port } = server.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, "graphql-transport-ws", options);
  await once(socket, "open");
  return socket;
}

async function codeAfter(message: object): Promise<unknown> {
  const socket = await connected();
  socket.send(JSON.stringify(message));
  const [code] = await once(socket, "close");
  return code;
}

describe("a carried WebSocket", () => {
  it("is closed by an exception of ours, which is told to us and not to its client", async () => {
    expect(await codeAfter({ type: "ping" })).toBe(4500);
    expect(told).toEqual([new Error("broken inside")]);
  });

  it.each(["connection_ack", "next", "error", "nothing"])(
    "is closed by a %s of its client, which nobody is told of",
    async (type) => {
      expect(await codeAfter({ type, id: "1", payload: type === "error" ? [{ message: "x" }] : {} })).toBe(4400);
      expect(told).toEqual([]);
    },
  );

  it("stays while its client answers pings, and is cut off when it does not", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const answers = await connected();
    const [itsServer] = [...sockets.clients].slice(-1);
    if (!itsServer) throw new Error("It is not connected.");
    const silent = await connected({ autoPong: false });
    const closed = once(silent, "close");
    for (let round = 0; round < 3; round++) {
      const answered = once(itsServer, "pong");
      vi.advanceTimersByTime(12_000);
      await answered;
    }
    expect((await closed)[0]).toBe(1006);
    expect(answers.readyState).toBe(WebSocket.OPEN);
    answers.terminate();
  });

  it("stays for a minute while an answer is on its way, which a ping waits behind, and is cut off then", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const slow = await connected();
    const [itsServer] = [...sockets.clients].slice(-1);
    if (!itsServer) throw new Error("It is not connected.");
    slow.pause();
    // More than the system takes over.
    itsServer.send(Buffer.alloc(2 ** 26));
    for (let ping = 0; ping < 5; ping++) {
      vi.advanceTimersByTime(12_000);
      expect(itsServer.readyState, `ping ${ping}`).toBe(WebSocket.OPEN);
    }
    vi.advanceTimersByTime(12_000);
    expect(itsServer.readyState).not.toBe(WebSocket.OPEN);
    slow.terminate();
  });
});
