import { setMaxListeners } from "node:events";
import { constants } from "node:os";

/** Ctrl-C and SIGTERM abort the work, which cleans up after itself; the program then ends as shells expect of that signal. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const control = new AbortController();
  // Each of many pieces of work listens.
  setMaxListeners(0, control.signal);
  const stop = (signal: NodeJS.Signals) => {
    process.exitCode = 128 + constants.signals[signal];
    control.abort();
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    return await work(control.signal);
  } catch (error) {
    if (control.signal.aborted) process.exit();
    throw error;
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}
