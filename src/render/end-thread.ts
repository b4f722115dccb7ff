import { once } from "node:events";
import type { Worker } from "node:worker_threads";

/** What a thread is asked to end by, in place of work: it calls `process.exit`, which ends a thread alone. */
export const END = "end";

/** A thread that takes longer is ended wherever it is, milliseconds. */
const ENDS_WITHIN_MS = 2_000;

/**
 * Ends a thread between two pieces of its work. Ending one in the middle of a native call may end the whole process: Node asserts that a
 * zlib stream which is torn down was made whole.
 */
export async function endThread(thread: Worker): Promise<void> {
  if (thread.threadId === -1) return;
  const ended = once(thread, "exit").catch(() => {});
  const late = setTimeout(() => void thread.terminate(), ENDS_WITHIN_MS);
  thread.postMessage(END);
  await ended;
  clearTimeout(late);
}
