import { once } from "node:events";
import { reportFailure } from "../failure.ts";
import { READY, type StartMessage } from "./messages.ts";
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
  const [start] = (await once(process, "message")) as [StartMessage];
  try {
    await serve(start, stop.signal, () => process.send?.(READY));
    process.exit(0);
  } catch (error) {
    process.exit(stop.signal.aborted ? 0 : reportFailure(error, false));
  }
}
