import { expect, it } from "vitest";
import { type Clock, Guesses } from "../../src/access/guesses.ts";
import { FakeClock } from "./support.ts";

const FREE = 10;
const MOST = 100;

it("the first ten failures in a minute cost nothing, later ones more and more, up to five seconds", async () => {
  const clock = new FakeClock();
  const guesses = new Guesses(clock, () => {});
  for (let n = 0; n < FREE; n++) await guesses.failed("a");
  expect(clock.slept).toEqual([]);
  for (let n = 0; n < 8; n++) await guesses.failed("a");
  expect(clock.slept).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

it("one client's failures cost another nothing, and nothing after the minute", async () => {
  const clock = new FakeClock();
  const guesses = new Guesses(clock, () => {});
  for (let n = 0; n < FREE; n++) await guesses.failed("a");
  await guesses.failed("b");
  clock.pass(60_000);
  await guesses.failed("a");
  expect([clock.slept, guesses.total]).toEqual([[], FREE + 2]);
});

it("the hundred and first in a minute is refused, with when to try again", async () => {
  const clock = new FakeClock();
  const guesses = new Guesses(clock, () => {});
  for (let n = 0; n < MOST; n++) await guesses.failed("a");
  clock.pass(20_500);
  await expect(guesses.failed("a")).rejects.toMatchObject({ code: "QUOTA_EXCEEDED", details: { retryAfter: 40 } });
  clock.pass(39_500);
  await expect(guesses.failed("a")).resolves.toBeUndefined();
});

it("no more than five hundred answers are held back, of however many clients", async () => {
  const ends: (() => void)[] = [];
  const held: Clock = { now: () => 0, sleep: () => new Promise((resolve) => ends.push(resolve)) };
  const guesses = new Guesses(held, () => {});
  const waiting: Promise<void>[] = [];
  for (let n = 0; n < 500; n++) {
    for (let free = 0; free < FREE; free++) await guesses.failed(`client-${n}`);
    waiting.push(guesses.failed(`client-${n}`));
  }
  for (let free = 0; free < FREE; free++) await guesses.failed("one more");
  await expect(guesses.failed("one more")).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
  for (const end of ends) end();
  await Promise.all(waiting);
  const free = guesses.failed("one more");
  ends.at(-1)?.();
  await free;
  expect(ends).toHaveLength(501);
});

it("failures are logged a line a second, with the client and how many there were", async () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const guesses = new Guesses(clock, (line) => lines.push(line));
  for (let n = 0; n < 5; n++) await guesses.failed("a");
  clock.pass(1_000);
  await guesses.failed("b");
  expect(lines).toEqual([
    "A credential is not good: a, 1 in a minute",
    "A credential is not good: b, 1 in a minute (and 4 times more since the last line)",
  ]);
});
