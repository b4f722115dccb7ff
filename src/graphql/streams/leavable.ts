import { setMaxListeners } from "node:events";
import { own, ownerOf } from "../../core/owner.ts";

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
  setMaxListeners(0, own(signal, ownerOf(client)));
  const end: IteratorReturnResult<void> = { done: true, value: undefined };
  // Not one promise for all: what races with it would be kept until the stream ends.
  const waiting = new Set<(result: typeof end) => void>();
  const stop = (reason?: unknown) => {
    client.removeEventListener("abort", leave);
    controller.abort(reason);
    for (const resolve of waiting) resolve(end);
    waiting.clear();
  };
  const leave = () => stop(client.reason);
  if (client.aborted) leave();
  else client.addEventListener("abort", leave, { once: true });
  const close = async (): Promise<typeof end> => {
    stop();
    return end;
  };
  try {
    const source = (await open(signal))[Symbol.asyncIterator]();
    const next = () =>
      new Promise<IteratorResult<T, void>>((resolve, reject) => {
        if (signal.aborted) return resolve(end);
        waiting.add(resolve);
        const settle = (then: () => void) => {
          waiting.delete(resolve);
          then();
        };
        // When the client has left nobody looks at how it ends.
        source.next().then(
          (result) => settle(() => resolve(result)),
          (error: unknown) => settle(() => reject(error)),
        );
      });
    const iterator: AsyncGenerator<T, void, undefined> = {
      async next() {
        try {
          const result = await next();
          return result.done ? close() : result;
        } catch (error) {
          stop();
          throw error;
        }
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
    stop();
    throw error;
  }
}
