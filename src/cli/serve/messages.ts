import type { ChildProcess, SendHandle } from "node:child_process";
import type { Server } from "node:net";
import type { Settings } from "../config/settings.ts";

/** From the supervisor to the process that serves, once; with it the handle of the address, where one is held. */
export interface StartMessage {
  readonly settings: Settings;
  /** Print what to open: the first time only. */
  readonly announce: boolean;
  /** What mutations may bring where no token was set: printed at the start, and kept nowhere. Null: one was set, or this is no server of its own. */
  readonly secret: string | null;
}

/** From the process that serves, once, with the handle of its address: it listens. */
export const READY = "ready";

/** From the supervisor, with one more handle of the address: for another listener. */
export const LISTENER = "listener";

/**
 * A listening socket as Node hands it from process to process. It accepts nothing, but who connects waits in its queue (listen(2)), until a
 * server listens on it. The same socket stays open until its handles in all processes are closed.
 */
export interface Handle {
  close(): void;
}

/** Undefined where the server does not listen. */
export function handleOf(server: Server): Handle | undefined {
  // So `server.listen(handle)` names it (net, "server.listen(handle)"). A server that is sent whole would accept on both sides.
  const { _handle: handle } = server as Server & { readonly _handle?: Handle | null };
  return handle ?? undefined;
}

/** What cannot be sent has nobody to read it: the process at the other end is gone, and its end is told elsewhere. */
export function sendTo(to: ChildProcess | NodeJS.Process, message: StartMessage | string, handle?: Handle): void {
  // Node takes bare handles, as cluster sends them; its types name only what wraps one.
  to.send?.(message, handle as SendHandle, undefined, () => {});
}
