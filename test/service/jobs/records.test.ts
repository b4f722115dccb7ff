import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { freshPart, type JobRecord, partCount, partRange } from "../../../src/service/jobs/record.ts";
import { JobRecords } from "../../../src/service/jobs/records.ts";
import { createState, type StateStore } from "../../../src/state/index.ts";
import { type RedisServer, startRedis } from "../../fixtures/redis.ts";

const RECORD: JobRecord = {
  ...{ id: "a".repeat(32), run: 1, imageKey: "plate", formula: "b1", plane: { z: 0, t: 0 }, version: "0" },
  ...{ levels: null, region: null, tileSize: 64, pad: false, tiles: 640, steps: 10, createdAt: 1, ended: null },
  encoding: { format: "jpeg", quality: 80, lossless: false },
};
const cancelled = { state: "cancelled", at: 5, error: null } as const;

let redis: RedisServer;
let state: StateStore;
let records: JobRecords;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.admin.flushall();
  // No machine that is busy is taken for a Redis that is away.
  state = createState({ redisUrl: redis.url, redisTimeoutMs: 60_000, folder: null, log: () => {} });
  records = new JobRecords(state);
  await records.put(RECORD);
});
afterEach(() => state.close());

describe("what is written down of a job", () => {
  it("says how it ended first, of the run that ended", async () => {
    await records.end({ ...RECORD, run: 2 }, cancelled);
    expect((await records.get(RECORD.id))?.ended).toBeNull();
    await records.end(RECORD, cancelled);
    await records.end(RECORD, { state: "completed", at: 9, error: null });
    expect((await records.get(RECORD.id))?.ended).toEqual(cancelled);
  });

  it("has parts that count for their run alone", async () => {
    const done = { ...freshPart(RECORD, 3), next: 4, completed: 64 };
    await records.putPart(RECORD, 3, done);
    expect(await records.part(RECORD, 3)).toEqual(done);
    expect((await records.parts(RECORD))[3]).toEqual(done);
    const again = { ...RECORD, run: 2 };
    expect(await records.part(again, 3)).toEqual(freshPart(again, 3));
    expect((await records.parts(again))[3]).toEqual(freshPart(again, 3));
  });

  it("is forgotten with its parts", async () => {
    await records.putPart(RECORD, 9, freshPart(RECORD, 9));
    await records.forget(RECORD);
    expect([await state.count("jobs"), await state.count("job-parts")]).toEqual([0, 0]);
  });

  it("is nothing where it is no JSON, and hides no other job", async () => {
    await state.put("jobs", "b", "{");
    await state.put("job-parts", `${RECORD.id}/0`, "{");
    expect(await records.all()).toEqual([RECORD]);
    expect(await records.get("b")).toBeNull();
    expect(await records.part(RECORD, 0)).toEqual(freshPart(RECORD, 0));
  });
});

it("parts are at most 64, as equal as can be, and all steps are in one of them", () => {
  for (const steps of [1, 10, 63, 64, 65, 1000]) {
    const ranges = Array.from({ length: partCount({ steps }) }, (_, index) => partRange({ steps }, index));
    expect(ranges).toHaveLength(Math.min(64, steps));
    expect(ranges.map(({ from }) => from)).toEqual([0, ...ranges.slice(0, -1).map(({ to }) => to)]);
    expect(ranges.at(-1)?.to).toBe(steps);
    const lengths = ranges.map(({ from, to }) => to - from);
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
  }
});
