import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

/** Headers that are about the change of protocol alone. */
const OF_UPGRADE: ReadonlySet<string> = new Set(["upgrade", "http2-settings"]);

/** Node tells no more of them than about so many entries: what is beyond, a length for one, would be lost. */
const MAX_RAW_HEADERS = 1_900;

/** Not where an answer to a request before it is still under way: its end would not be seen by what serves this one. */
export function canServeWithoutUpgrade({ rawHeaders }: IncomingMessage, socket: Duplex): boolean {
  const { _httpMessage: answer } = socket as { readonly _httpMessage?: unknown };
  return rawHeaders.length < MAX_RAW_HEADERS && (answer === null || answer === undefined);
}

/**
 * Has a request served as if it had not asked for another protocol, as HTTP lets a server do (RFC 9110, section 7.8): clients of Java ask for
 * HTTP/2 so, and Node gives every such request to who listens for upgrades. The bytes of the request go through the server once more.
 */
export function serveWithoutUpgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    const kept = name.toLowerCase() === "connection" ? withoutUpgrade(value) : value;
    if (!OF_UPGRADE.has(name.toLowerCase()) && kept !== null) lines.push(`${name}: ${kept}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]));
  server.emit("connection", socket);
}

/** Null: nothing else stands there. */
function withoutUpgrade(connection: string): string | null {
  const others = connection.split(",").filter((token) => !OF_UPGRADE.has(token.trim().toLowerCase()));
  return others.length === 0 ? null : others.join(",");
}
