import { setTimeout as sleep } from "node:timers/promises";
import { notAnswering, tooSlow } from "./failures.ts";
import { TransportError } from "./transport.ts";

/** Tries after the first. */
const RETRIES = 2;
/** Before the first of them, milliseconds; doubled for each, and spread by chance so that many clients do not come back at once. */
const PAUSE_MS = 100;

/**
 * Work that may fail for now, tried up to three times within `timeoutMs` altogether. Rejects with SOURCE_TIMEOUT, with SOURCE_FAILED when no
 * try succeeds, with the signal's reason when nobody waits any more, and at once with any failure that trying again would not mend.
 */
export async function withRetries<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { timeoutMs, onRetry }: { readonly timeoutMs: number; readonly onRetry: () => void },
  signal: AbortSignal | undefined,
): Promise<T> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
  for (let tries = 0; ; tries++) {
    try {
      return await work(either);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (deadline.aborted) throw tooSlow();
      if (!(error instanceof TransportError)) throw error;
      if (tries === RETRIES) throw isStall(error) ? tooSlow() : notAnswering(error);
      onRetry();
      await sleep(PAUSE_MS * 2 ** tries * (0.5 + Math.random()), null, { signal: either }).catch(() => {});
    }
  }
}

/** A server that was silent for too long. */
function isStall(error: TransportError): boolean {
  const { code } = (error.cause ?? {}) as { readonly code?: string };
  return code !== undefined && /^UND_ERR_(HEADERS|BODY|CONNECT)_TIMEOUT$/.test(code);
}
