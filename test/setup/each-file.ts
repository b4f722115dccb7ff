import timers from "node:timers";
import fc from "fast-check";
import { afterAll, vi } from "vitest";

/** What properties draw is the same in every run; `npm run test:random` draws anew, by a number of its own. */
const FIXED_SEED = 20_261_130;

fc.configureGlobal({ seed: Number(process.env.BANDLOOM_TEST_SEED ?? FIXED_SEED) });

// Files share their process: what one leaves behind would make another fail.
afterAll(() => {
  vi.restoreAllMocks();
  const isFake =
    vi.isFakeTimers() || (["setTimeout", "setInterval"] as const).some((name) => globalThis[name] !== timers[name]);
  vi.useRealTimers();
  if (isFake) throw new Error("This file ends with a fake clock.");
});
