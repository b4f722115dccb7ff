import { CloseCode, MessageType, parseMessage, type Server } from "graphql-ws";
import { WebSocket } from "ws";
import type { Arrivals } from "./arrivals.ts";

/** Shorter than the 60 s after which proxies take a silent connection for dead. */
const PING_EVERY_MS = 12_000;
/** Pings that may wait behind an answer: the largest, of 22 MB, comes in their time where it comes by 3 Mbit/s. */
const MOST_BEHIND_ANSWER = 5;
/** Bytes of answers that a client leaves unread while it goes on asking: it does not mean to read them. */
const MAX_UNREAD = 2 ** 25;
/** What only a server says: the protocol throws at it. */
const OF_SERVERS: ReadonlySet<MessageType> = new Set([MessageType.ConnectionAck, MessageType.Next, MessageType.Error]);

/**
 * Carries the protocol over a WebSocket, until it is closed. In place of graphql-ws' own adapter, which writes to stderr, with a stack, whatever
 * cannot be sent to a client that is gone. `onInternalError` is told of exceptions of ours.
 */
export function carry<Extra>(
  protocol: Server<Extra>,
  socket: WebSocket,
  extra: Extra,
  arrivals: Arrivals,
  onInternalError: (error: unknown) => void,
): void {
  // What a client does wrong ws answers by closing.
  socket.on("error", () => {});
  const stopPinging = keepAlive(socket);
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) => sent(socket, text),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (take) => {
        socket.on("message", (data) => {
          if (socket.bufferedAmount > MAX_UNREAD) return socket.terminate();
          const text = String(data);
          const failed = (error: unknown) => {
            if (OF_SERVERS.has(parseMessage(text).type))
              return socket.close(CloseCode.BadRequest, "Invalid message received");
            onInternalError(error);
            socket.close(CloseCode.InternalServerError, "Internal server error");
          };
          if (!arrivals.add(text, () => void take(text).catch(failed))) socket.terminate();
        });
      },
    },
    extra,
  );
  socket.once("close", (code, reason) => {
    stopPinging();
    closed(code, String(reason)).catch(onInternalError);
  });
}

/** Resolves when the text is on its way, or can be no more: then the connection is closed, which ends what runs for it. */
function sent(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== WebSocket.OPEN) return resolve();
    socket.send(text, () => resolve());
  });
}

/**
 * Cuts off who has not answered a ping, or a goodbye, when the next ping is due; later where an answer is on its way, which the ping waits
 * behind. Gives what ends it.
 */
function keepAlive(socket: WebSocket): () => void {
  let unanswered = 0;
  socket.on("pong", () => {
    unanswered = 0;
  });
  const timer = setInterval(() => {
    if (unanswered >= (socket.bufferedAmount > 0 ? MOST_BEHIND_ANSWER : 1)) return socket.terminate();
    unanswered++;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, PING_EVERY_MS);
  return () => clearInterval(timer);
}
