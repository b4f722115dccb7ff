import { afterEach, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { clientOf } from "../../src/service/clients.ts";
import { type Running, runServer } from "../http/running.ts";

describe("a client", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"],
    ["2001:db8:1:2:ffff::1", "2001:db8:1:2::"],
    ["2001:db8:1:3::1", "2001:db8:1:3::"],
    ["not an address", "unknown"],
    [undefined, "unknown"],
  ])("at %s is known as %s", (address, name) => {
    expect(clientOf(address)).toBe(name);
  });
});

/** One client may have a quarter of them. */
const STREAMS = 24;

describe("one client's share of the streams", () => {
  let server: Running;
  const sockets: WebSocket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.terminate();
    await server.close();
  });

  /** A WebSocket of a client, as a proxy tells it: 101 when it is open, else the status of the refusal. */
  async function open(client: string): Promise<number | undefined> {
    const headers = { "x-forwarded-for": client };
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws", { headers });
    sockets.push(socket);
    return new Promise((resolve, reject) => {
      socket.on("open", () => resolve(101));
      socket.on("unexpected-response", (_request, { statusCode }) => resolve(statusCode));
      socket.on("error", reject);
    });
  }

  it.each<[string, readonly string[], number]>([
    ["is that of the client that a named proxy tells", ["127.0.0.1"], 101],
    ["is that of the connection where no proxy is named, whatever a header says", [], 429],
    ["is that of the connection where another proxy is named", ["192.0.2.9"], 429],
  ])("%s", async (_, trustedProxies, another) => {
    server = await runServer({}, { limits: { streams: STREAMS }, trustedProxies });
    for (let stream = 0; stream < STREAMS / 4; stream++) expect(await open("192.0.2.1")).toBe(101);
    expect([await open("192.0.2.1"), await open("192.0.2.2")]).toEqual([429, another]);
  });
});
