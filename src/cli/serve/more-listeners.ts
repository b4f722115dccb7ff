import { createServer, type Server } from "node:net";
import { BACKLOG } from "./listen.ts";
import type { Handle } from "./messages.ts";

/**
 * Listeners of the address of a server. Each accepts one connection in a turn of the event loop (libuv since 1.45): with one, connections
 * wait for seconds when turns are long, until their queue overflows. More would cost each new connection more in vain: all are woken for it.
 */
export const LISTENERS = 16;

/** Listeners beside that of an HTTP server, on handles of the same socket. Their connections are the server's: it closes when they have ended. */
export class MoreListeners {
  readonly #server: Server;
  readonly #more: Server[] = [];

  constructor(server: Server) {
    this.#server = server;
    const close = server.close.bind(server);
    server.close = (done) => {
      const closed = this.#more.splice(0).map((one) => new Promise((resolve) => one.close(resolve)));
      return close((error) => void Promise.all(closed).then(() => done?.(error)));
    };
  }

  /** Without effect where the server no longer listens. */
  add(handle: Handle): void {
    if (!this.#server.listening) {
      handle.close();
      return;
    }
    // What node:http asks of its own listener.
    const listener = createServer({ allowHalfOpen: true, noDelay: true });
    listener.on("connection", (socket) => this.#server.emit("connection", socket));
    this.#more.push(listener.listen(handle, BACKLOG));
  }
}
