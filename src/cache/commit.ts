import { setImmediate as nextTurn } from "node:timers/promises";

/** What a write of lmdb comes to. Where it fails, lmdb has the cause in a second promise, which would end the process if nobody heard it. */
export async function committed<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (!(error instanceof Error && "commitError" in error)) throw error;
    // It is settled in the turn of the failure; the race only makes sure that nothing ever waits for it.
    const cause: unknown = await Promise.race([error.commitError, nextTurn(error)]).catch((reason: unknown) => reason);
    throw new Error(cause instanceof Error ? cause.message : "commit failed", { cause });
  }
}
