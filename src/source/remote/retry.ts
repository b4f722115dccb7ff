import { setTimeout as sleep } from "node:timers/promises";
import { notAnswering, tooSlow } from "./failures.ts";
import { TransportError } from "./transport.ts";

/** Tries after the first. */
const RETRIES = 2;
/** Silence of a server, as undici names it. */
const STALL = /^UND_ERR_(HEADERS|BODY|CONNECT)_TIMEOUT$/;

export interface RetryOptions {
  readonly timeoutMs: number;
  /** Before the first retry, milliseconds; doubled for each, and spread by chance so that many clients do not come back at once. */
  readonly pauseMs: number;
  readonly onRetry: () => void;
}

/**
 * Work that may fail for now, tried up to three times within `timeoutMs` altogether. Rejects with SOURCE_TIMEOUT, with SOURCE_FAILED when no
 * try succeeds, with the signal's reason when nobody waits any more, and at once with any failure that trying again would not mend.
 */
export async function withRetries<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { timeoutMs, pauseMs, onRetry }: RetryOptions,
  signal: AbortSignal,
): Promise<T> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, deadline]);
  for (let tries = 0; ; tries++) {
    try {
      return await work(either);
    } catch (error) {
      await pauseAfter(error, tries, pauseMs, either).catch((final: unknown) => {
        if (signal.aborted) throw signal.reason;
        throw deadline.aborted ? tooSlow() : final;
      });
      onRetry();
    }
  }
}

/** Waits before the next try; rejects where there should be none. */
async function pauseAfter(error: unknown, tries: number, pauseMs: number, signal: AbortSignal): Promise<void> {
  if (!(error instanceof TransportError)) throw error;
  if (tries === RETRIES) throw isStall(error) ? tooSlow() : notAnswering(error);
  await sleep(pauseMs * 2 ** tries * (0.5 + Math.random()), null, { signal });
}

function isStall({ cause }: TransportError): boolean {
  return cause instanceof Error && "code" in cause && STALL.test(String(cause.code));
}
