import timers from "node:timers";
import fc from "fast-check";
import { afterAll, beforeEach, vi } from "vitest";
import { sayings } from "./sayings.ts";

/** What properties draw is the same in every run; `npm run test:random` draws anew, by a number of its own. */
const FIXED_SEED = 20_261_130;

fc.configureGlobal({ seed: Number(process.env.BANDLOOM_TEST_SEED ?? FIXED_SEED) });

/** Vitest's own; files share it. */
type Asked = (() => boolean) & { readonly own?: () => boolean };
const asked: Asked = vi.isFakeTimers;
const isFaked = asked.own ?? asked;
// `expect.poll` and `vi.waitFor` would move a fake clock on with each look, further on a slow machine. Tests do that themselves.
vi.isFakeTimers = Object.assign(() => false, { own: isFaked });

// What went wrong in another process is seen nowhere else.
beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    for (const said of sayings) process.stderr.write(`A server says:\n${said()}\n`);
  });
});

// Files share their process: what one leaves behind would make another fail.
afterAll(() => {
  vi.restoreAllMocks();
  const isFake =
    isFaked() || (["setTimeout", "setInterval"] as const).some((name) => globalThis[name] !== timers[name]);
  vi.useRealTimers();
  if (isFake) throw new Error("This file ends with a fake clock.");
});
