import { expect, it } from "vitest";
import { Rounds } from "../../src/cache/rounds.ts";

/** Whether a promise has resolved by now. */
async function hasCome(promise: Promise<void>): Promise<boolean> {
  return Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setImmediate(resolve, false))]);
}

/** Takes and writes that many. */
function round(rounds: Rounds, entries: number): void {
  rounds.begin();
  rounds.end(entries);
}

it("what was added is waited for, and not what is added meanwhile", async () => {
  const rounds = new Rounds();
  for (let n = 0; n < 3; n++) rounds.add();
  const early = rounds.caughtUp();
  rounds.begin();
  rounds.add();
  const late = rounds.caughtUp();
  rounds.end(2);
  expect([await hasCome(early), await hasCome(late)]).toEqual([false, false]);
  rounds.add();
  round(rounds, 1);
  expect([await hasCome(early), await hasCome(late)]).toEqual([true, false]);
  rounds.add();
  round(rounds, 1);
  expect(await hasCome(late)).toBe(true);
});

it("a round that had begun before does not count: what it did not take comes with the next", async () => {
  const rounds = new Rounds();
  rounds.begin();
  const waiting = rounds.caughtUp();
  rounds.end(0);
  expect(await hasCome(waiting)).toBe(false);
  round(rounds, 0);
  expect(await hasCome(waiting)).toBe(true);
});

it("nobody waits when nothing is left", async () => {
  const rounds = new Rounds();
  rounds.add();
  const waiting = [rounds.caughtUp(), rounds.caughtUp()];
  rounds.rest();
  expect(await Promise.all(waiting.map(hasCome))).toEqual([true, true]);
});
