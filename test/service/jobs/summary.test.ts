import { expect, it } from "vitest";
import { freshPart, type JobRecord, type PartProgress, partRange } from "../../../src/service/jobs/record.ts";
import { summarize } from "../../../src/service/jobs/summary.ts";

const NOW = 1_800_000_000_000;
/** Parts of one step of ten tiles each. */
const RECORD: JobRecord = {
  ...{ id: "0".repeat(32), run: 1, imageKey: "plate", formula: "b1", plane: { z: 0, t: 0 }, version: "0" },
  ...{ levels: null, region: null, tileSize: 64, pad: false, tiles: 640, steps: 64, createdAt: NOW, ended: null },
  encoding: { format: "jpeg", quality: 80, lossless: false },
};
const worker = { host: "here", pid: 1 };
const parts = (changes: Readonly<Record<number, Partial<PartProgress>>>) =>
  Array.from({ length: 64 }, (_, index) => ({ ...freshPart(RECORD, index), ...changes[index] }));
const finished = (index: number): Partial<PartProgress> => {
  return { next: partRange(RECORD, index).to, completed: 10, rate: 20, at: NOW - 1_000, takes: 1 };
};

it("a job of short parts has a rate, which parts that end and begin do not change", () => {
  const begun: Partial<PartProgress> = { worker, takes: 1, at: NOW };
  const one = summarize(RECORD, parts({ 0: finished(0), 1: finished(1), 2: begun, 3: begun }), NOW);
  expect(one).toMatchObject({ state: "running", completed: 20, rate: 40, secondsLeft: 15.5 });
  const next = summarize(RECORD, parts({ 0: finished(0), 1: finished(1), 2: finished(2), 3: begun, 4: begun }), NOW);
  expect(next).toMatchObject({ rate: 40, secondsLeft: 15.25 });
});

it("a job has what its parts have, of which failed tiles are not to be waited for either", () => {
  expect(summarize(RECORD, parts({}), NOW)).toMatchObject({ state: "queued", completed: 0, failed: 0, error: null });
  // It was begun, and has finished nothing yet.
  expect(summarize(RECORD, parts({ 5: { takes: 1 } }), NOW)).toMatchObject({ state: "running", rate: null });
  const begun: Partial<PartProgress> = { worker, takes: 1, at: NOW };
  const broken = { ...finished(1), completed: 4, failed: 6, error: "A chunk is damaged." };
  const some = parts({ 0: finished(0), 1: broken, 2: begun });
  const running = { state: "running", completed: 14, failed: 6, rate: 20, secondsLeft: 31 };
  expect(summarize(RECORD, some, NOW)).toMatchObject({ ...running, error: "A chunk is damaged.", finishedAt: null });
  const ended = { state: "failed", at: NOW, error: "The file changed." } as const;
  const end = { state: "failed", completed: 14, failed: 6, rate: null, secondsLeft: null, finishedAt: NOW };
  expect(summarize({ ...RECORD, ended }, some, NOW)).toMatchObject({ ...end, error: "The file changed." });
});

it("a step that takes much longer than the steps before takes the rate down with it", () => {
  const slow = (since: number) =>
    summarize(
      RECORD,
      parts({ 0: { ...finished(0), at: NOW - 20_000 }, 1: { worker, takes: 1, at: NOW - since } }),
      NOW,
    );
  // Clocks may differ by some seconds.
  for (const since of [-3_000, 0, 5_000, 5_500]) expect(slow(since)).toMatchObject({ rate: 20, secondsLeft: 31.5 });
  expect(slow(6_000)).toMatchObject({ rate: 10, secondsLeft: 63 });
  expect(slow(15_000)).toMatchObject({ rate: 1 });
});

it("a job that nobody has worked on for a while has none, whichever way the clocks differ", () => {
  for (const at of [NOW - 60_000, NOW + 3_600_000])
    expect(summarize(RECORD, parts({ 0: { ...finished(0), at } }), NOW)).toMatchObject({
      rate: null,
      secondsLeft: null,
    });
});
