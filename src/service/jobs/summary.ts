import { isFinished, type JobRecord, type PartProgress } from "./record.ts";
import type { Job, JobState } from "./types.ts";

/** A part that has finished no step for this long tells nothing of the rate any more. */
const RECENT_MS = 30_000;

/** A job as it is told, of what is written down. */
export function summarize(record: JobRecord, parts: readonly PartProgress[], now: number): Job {
  const { id, imageKey, formula, tiles, createdAt, ended } = record;
  const sum = (of: (part: PartProgress) => number) => parts.reduce((total, part) => total + of(part), 0);
  const [completed, failed] = [sum((part) => part.completed), sum((part) => part.failed)];
  const active = parts.filter(
    (part, index) => part.rate > 0 && now - part.at < RECENT_MS && !isFinished(record, index, part),
  );
  const rate = ended ? 0 : active.reduce((total, part) => total + part.rate, 0);
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
