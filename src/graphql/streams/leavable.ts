import { setMaxListeners } from "node:events";

/**
 * What a subscription yields, until its client leaves or it is told to end: then the signal of the source is aborted, and whoever waits for
 * the next value gets the end at once. (`return` of a plain generator waits for what the generator waits for.)
 */
export async function leavable<T>(
  client: AbortSignal,
  open: (signal: AbortSignal) => Promise<AsyncIterable<T>>,
): Promise<AsyncGenerator<T, void, undefined>> {
  const controller = new AbortController();
  const { signal } = controller;
  // Each tile of a range listens.
  setMaxListeners(0, signal);
  const leave = () => controller.abort(client.reason);
  if (client.aborted) leave();
  else client.addEventListener("abort", leave, { once: true });
  const left = new Promise<IteratorReturnResult<void>>((resolve) => {
    const end = () => resolve({ done: true, value: undefined });
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
  const close = async (): Promise<IteratorReturnResult<void>> => {
    client.removeEventListener("abort", leave);
    controller.abort();
    return { done: true, value: undefined };
  };
  try {
    const source = (await open(signal))[Symbol.asyncIterator]();
    const iterator: AsyncGenerator<T, void, undefined> = {
      async next() {
        const following: Promise<IteratorResult<T, void>> = source.next();
        // When the client has left nobody looks at how it ends.
        following.catch(() => {});
        const result = await Promise.race([following, left]);
        return result.done ? close() : result;
      },
      return: close,
      throw: close,
      [Symbol.asyncIterator]: () => iterator,
      [Symbol.asyncDispose]: async () => {
        await close();
      },
    };
    return iterator;
  } catch (error) {
    await close();
    throw error;
  }
}
