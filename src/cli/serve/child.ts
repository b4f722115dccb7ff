import { once } from "node:events";
import type { Server } from "node:net";
import { reportFailure } from "../failure.ts";
import { type Handle, handleOf, LISTENER, READY, type StartMessage, sendTo } from "./messages.ts";
import type { MoreListeners } from "./more-listeners.ts";
import { serve } from "./serve.ts";

/** The process that serves: started by the supervisor, told its settings by a message (a password in them shows in no process list). */

const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
// Ctrl-C reaches every process of the terminal; the supervisor decides what it means.
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});
// Without a supervisor nobody could stop this process.
process.on("disconnect", () => stop.abort());

void run();

/** Not awaited: parts of the bundled program that are loaded later may import this one, and would wait for its end. */
async function run(): Promise<void> {
  const [start, handle] = (await once(process, "message")) as [StartMessage, Handle | undefined];
  try {
    await serve({ ...start, handle, stop: stop.signal, onReady });
    process.exit(0);
  } catch (error) {
    process.exit(stop.signal.aborted ? 0 : reportFailure(error, false));
  }
}

function onReady(server: Server, listeners: MoreListeners): void {
  process.on("message", (message, sent) => {
    const handle = sent as Handle | undefined;
    // Without it where this process may open no more files: one listener less.
    if (message === LISTENER && handle) listeners.add(handle);
  });
  sendTo(process, READY, handleOf(server));
}
