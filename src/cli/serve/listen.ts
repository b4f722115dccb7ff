import { once } from "node:events";
import type { Server } from "node:http";
import { BandloomError } from "../../core/errors.ts";
import { isSystemError } from "../failure.ts";

/** Connections that wait to be accepted: a burst is refused with 503 by us, and not reset by the system. */
export const BACKLOG = 4_096;

/** Gives the URL at which a program on this machine finds the server. SOURCE_FAILED where the address cannot be had; `flag` is what to change then. */
export async function listen(
  start: () => Promise<unknown>,
  server: Server,
  { host, port, flag }: { readonly host: string; readonly port: number; readonly flag: string },
): Promise<string> {
  try {
    await start();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new BandloomError("SOURCE_FAILED", cannotListen(error.code, host, port, flag), { cause: error });
  }
  const address = server.address();
  const bound = typeof address === "object" && address ? address.port : port;
  const local = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${local.includes(":") ? `[${local}]` : local}:${bound}`;
}

/** Resolves when a server listens, rejects when it cannot. */
export async function listening(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  await once(server, "listening");
}

function cannotListen(code: string | undefined, host: string, port: number, flag: string): string {
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} of ${host} is in use by another program. Stop that, or choose another with ${flag}.`;
    case "EACCES":
      return `Port ${port} may not be used by this user. Choose one above 1023 with ${flag}.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `This machine has no address ${host}. Choose one that it has with --host, or 0.0.0.0 for all.`;
    default:
      return `The server cannot listen on ${host}, port ${port} (${code}).`;
  }
}
