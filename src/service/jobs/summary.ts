import { isFinished, type JobRecord, type PartProgress } from "./record.ts";
import type { Job, JobState } from "./types.ts";

/** A part that has finished no step for this long tells nothing of the rate any more. */
const RECENT_MS = 30_000;
/** What clocks of servers may differ by, or a step take longer than the others, without a word of it. */
const SLACK_MS = 5_000;

/** A job as it is told, of what is written down. */
export function summarize(record: JobRecord, parts: readonly PartProgress[], now: number): Job {
  const { id, imageKey, formula, tiles, createdAt, ended } = record;
  const sum = (of: (part: PartProgress) => number) => parts.reduce((total, part) => total + of(part), 0);
  const [completed, failed] = [sum((part) => part.completed), sum((part) => part.failed)];
  const rate = ended ? 0 : rateOf(record, parts, now);
  const state: JobState = ended?.state ?? (parts.some(({ takes, at }) => takes > 0 || at > 0) ? "running" : "queued");
  return {
    ...{ id, state, imageKey, formula, completed, failed, total: tiles },
    rate: rate > 0 ? rate : null,
    secondsLeft: rate > 0 ? (tiles - completed - failed) / rate : null,
    error: ended?.error ?? parts.find(({ error }) => error !== null)?.error ?? null,
    createdAt,
    finishedAt: ended?.at ?? null,
  };
}

/**
 * As fast as the parts of late were, times how many are worked on: a part that ends and one that begins, which has no rate yet, change little
 * of it. A step that takes longer than such a rate promised takes the rate down with it. Clocks of servers may differ.
 */
function rateOf(record: JobRecord, parts: readonly PartProgress[], now: number): number {
  const recent = parts.filter(({ rate, at }) => rate > 0 && Math.abs(now - at) < RECENT_MS);
  if (recent.length === 0) return 0;
  const working = parts.filter((part, index) => part.worker !== null && !isFinished(record, index, part)).length;
  const each = recent.reduce((total, { rate }) => total + rate, 0) / recent.length;
  const silentFor = now - SLACK_MS - parts.reduce((newest, { at }) => Math.max(newest, at), 0);
  const most = silentFor > 0 ? ((record.tiles / record.steps) * 1000) / silentFor : Number.POSITIVE_INFINITY;
  return Math.min(each, most) * Math.max(1, working);
}
