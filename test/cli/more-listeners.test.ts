import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer as createListener, type Server } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { handleOf } from "../../src/cli/serve/messages.ts";
import { MoreListeners } from "../../src/cli/serve/more-listeners.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

const open: Server[] = [];
afterEach(() => {
  for (const one of open.splice(0)) if (one.listening) one.close();
});

async function listening<T extends Server>(server: T): Promise<T> {
  open.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** Connects and asks. Resolves when the server has the request, of which it has answered nothing yet. */
async function asked(listener: Server, server: Server) {
  const socket = connect(portOf(listener), "127.0.0.1", () => socket.write(REQUEST));
  const [, response] = (await once(server, "request")) as [unknown, ServerResponse];
  return { socket, response };
}

describe("listeners beside that of a server", () => {
  it("hand it their connections, and close with it: when all requests are answered", async () => {
    const server = await listening(createServer());
    // Elsewhere, where the handle of the same socket would be that of another process.
    const beside = await listening(createListener());
    const port = portOf(beside);
    new MoreListeners(server).add(handleOf(beside) ?? { close: () => {} });
    const own = await asked(server, server);
    const other = await asked(beside, server);
    const closed = vi.fn();
    server.close(closed);
    own.response.setHeader("connection", "close").end("own");
    const [answer] = (await once(own.socket, "data")) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    // The one connection that the server accepted itself has ended.
    await vi.waitFor(async () => expect(await connectionsOf(server)).toBe(0));
    expect(closed).not.toHaveBeenCalled();
    const late = connect(port, "127.0.0.1");
    expect(await once(late, "error")).toMatchObject([{ code: "ECONNREFUSED" }]);
    other.response.setHeader("connection", "close").end("other");
    await once(other.socket.resume(), "close");
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
    expect(closed).toHaveBeenCalledWith(undefined);
  });

  it("are none where the server has closed: their handle is", () => {
    const handle = { close: vi.fn() };
    new MoreListeners(createServer()).add(handle);
    expect(handle.close).toHaveBeenCalledOnce();
  });
});

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}
