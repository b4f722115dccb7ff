import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { BandloomError } from "../../core/errors.ts";
import { LIMITS } from "../limits.ts";
import { hash } from "../version.ts";
import type { JobQueue } from "./queue.ts";
import { type JobRecord, walkOf } from "./record.ts";
import type { JobRecords } from "./records.ts";
import type { JobTileCounts } from "./run-part.ts";
import { summarize } from "./summary.ts";
import type { JobTimes } from "./times.ts";
import type { Job, JobService, JobWish } from "./types.ts";

/** Jobs that are remembered when they have ended. */
const MAX_ENDED = 100;

/** Jobs as people see them: what is written down, summed up. */
export class Jobs implements JobService {
  readonly #records: JobRecords;
  readonly #queue: Promise<JobQueue> | null;
  /** However many watch a job, it is read once. */
  readonly #recent: LRUCache<string, Promise<Job | null>>;
  readonly #counts: JobTileCounts;
  readonly #times: JobTimes;

  /** `queue` null: nobody would ever work on a job that is begun here. */
  constructor(records: JobRecords, queue: Promise<JobQueue> | null, counts: JobTileCounts, times: JobTimes) {
    this.#records = records;
    this.#counts = counts;
    this.#times = times;
    this.#recent = new LRUCache({ max: MAX_ENDED, ttl: times.watchEveryMs / 2 });
    this.#queue = queue;
    // Who starts a job is told; that nobody does must not end the process.
    queue?.catch(() => {});
  }

  async start(wish: JobWish): Promise<Job> {
    const queue = await this.#queue;
    if (!queue) throw nobodyWorks();
    const fresh = recordOf(wish);
    if (fresh.tiles > LIMITS.jobTiles)
      throw new BandloomError(
        "LIMIT_EXCEEDED",
        `One job renders up to ${LIMITS.jobTiles} tiles; these are ${fresh.tiles}. Leave out the finest level, or take a region.`,
        { details: { limit: LIMITS.jobTiles, count: fresh.tiles } },
      );
    const known = (await this.#records.all()).find(({ id }) => id === fresh.id) ?? null;
    if (known && known.ended === null) {
      // Should what hands the parts out have lost it.
      await queue.add(known);
      return this.#summary(known);
    }
    await this.#makeRoom();
    const record = known ? begunAgain(known) : fresh;
    await this.#records.put(record);
    await queue.add(record);
    this.#recent.delete(record.id);
    return this.#summary(record);
  }

  async get(id: string): Promise<Job | null> {
    const record = await this.#records.get(id);
    return record && this.#summary(record);
  }

  async list(): Promise<readonly Job[]> {
    const records = await this.#records.all();
    return Promise.all(records.toReversed().map((record) => this.#summary(record)));
  }

  async cancel(id: string): Promise<Job | null> {
    const record = await this.#records.get(id);
    if (!record) return null;
    await this.#records.end(record, { state: "cancelled", at: Date.now(), error: null });
    const stopped = (await this.#queue)?.drop(id);
    // The tiles of a step that was just done are told as well.
    await Promise.race([stopped, sleep(this.#times.stopsWithinMs, undefined, { ref: false })]);
    this.#recent.delete(id);
    return this.get(id);
  }

  async *watch(id: string, signal: AbortSignal): AsyncGenerator<Job> {
    let last = "";
    let job = await this.#recently(id);
    while (job && !signal.aborted) {
      const text = JSON.stringify(job);
      if (text !== last) yield job;
      last = text;
      if (job.finishedAt !== null) return;
      await sleep(this.#times.watchEveryMs, undefined, { signal }).catch(() => {});
      const before: Job = job;
      // A store that does not answer now may do so soon.
      job = await this.#recently(id).catch(() => before);
    }
  }

  counts(): Readonly<JobTileCounts> {
    return this.#counts;
  }

  async close(): Promise<void> {
    const queue = await this.#queue?.catch(() => null);
    await queue?.close();
  }

  #recently(id: string): Promise<Job | null> {
    const known = this.#recent.get(id);
    if (known) return known;
    const asked = this.get(id);
    this.#recent.set(id, asked);
    asked.catch(() => this.#recent.delete(id));
    return asked;
  }

  async #summary(record: JobRecord): Promise<Job> {
    return summarize(record, await this.#records.parts(record), Date.now());
  }

  async #makeRoom(): Promise<void> {
    const records = await this.#records.all();
    const unfinished = records.filter(({ ended }) => ended === null).length;
    if (unfinished >= LIMITS.jobsAtOnce)
      throw new BandloomError(
        "LIMIT_EXCEEDED",
        `${unfinished} jobs wait or run, and no more can. Wait for one, or cancel one.`,
        { details: { limit: LIMITS.jobsAtOnce } },
      );
    const ended = records.flatMap((record) => (record.ended ? [{ record, at: record.ended.at }] : []));
    const old = ended.sort((a, b) => a.at - b.at).slice(0, Math.max(0, ended.length + 1 - MAX_ENDED));
    for (const { record } of old) await this.#records.forget(record);
  }
}

function recordOf({ formula, levels, region, tileSize, encoding, pad }: JobWish): JobRecord {
  const { image, source, plane, version } = formula;
  const wanted = { levels: levels && [...new Set(levels)].sort((a, b) => a - b), region, tileSize, encoding, pad };
  const walk = walkOf(image.info, wanted);
  const id = hash([image.key, formula.formula.canonical, version, wanted]).slice(0, 32);
  const { tiles, steps } = walk;
  return {
    ...wanted,
    id,
    run: 1,
    imageKey: image.key,
    formula: source,
    plane,
    version,
    tiles,
    steps,
    createdAt: Date.now(),
    ended: null,
  };
}

function nobodyWorks(): BandloomError {
  return new BandloomError(
    "FORBIDDEN",
    "No tiles can be rendered ahead of use here: this server works on no jobs, and those that render cannot learn of one. Set BANDLOOM_STATE_REDIS_URL to a Redis that api and render servers share, or run this server with --role all.",
  );
}

/** What was stopped goes on where it was; what was completed begins anew, for what the cache may have lost since. */
function begunAgain(known: JobRecord): JobRecord {
  const run = known.ended?.state === "cancelled" ? known.run : known.run + 1;
  // Later in any case: who ends it as it was before must not end it as it is now.
  return { ...known, run, createdAt: Math.max(Date.now(), known.createdAt + 1), ended: null };
}
