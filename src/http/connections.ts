import type { Server } from "node:http";
import type { Socket } from "node:net";
import { BandloomError } from "../core/errors.ts";
import { Shares } from "../core/shares.ts";
import { clientOf, type Trusts } from "../service/clients.ts";
import type { Limits } from "../service/types/limits.ts";
import { sendAway } from "./farewell.ts";

/** So many at a time are told why they are sent away; more are cut off without a word, or they would be a crowd of their own. */
const MAX_TOLD = 256;

/**
 * Lets so many connections in: of all, and of one client. A proxy whose word is taken speaks for many clients, and counts among all alone.
 * Who comes after is sent away before anything of it is read.
 */
export function limitConnections(
  server: Server,
  { connections, clientConnections }: Pick<Limits, "connections" | "clientConnections">,
  trusts: Trusts,
): void {
  const serve = server.listeners("connection");
  server.removeAllListeners("connection");
  const shares = new Shares(connections, clientConnections);
  const open = new WeakSet<Socket>();
  let told = 0;
  server.on("connection", (socket: Socket) => {
    // Without a change of protocol a connection comes once more (streams/without-upgrade.ts).
    if (!open.has(socket)) {
      const address = socket.remoteAddress ?? "";
      const leave = shares.take(trusts(address, 0) ? null : clientOf(address));
      if (typeof leave === "string") {
        if (told >= MAX_TOLD) return socket.destroy();
        told++;
        socket.once("close", () => told--);
        return sendAway(socket, leave === "own" ? shareIsFull(clientConnections) : IS_FULL);
      }
      open.add(socket);
      socket.once("close", leave);
    }
    for (const listener of serve) listener.call(server, socket);
  });
}

const IS_FULL = new BandloomError(
  "OVERLOADED",
  "The server has as many connections as it can hold. Try again in a moment.",
);

function shareIsFull(most: number): BandloomError {
  return new BandloomError("QUOTA_EXCEEDED", `One client has at most ${most} connections at a time. Close one first.`);
}
