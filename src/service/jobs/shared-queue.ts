import { type Job as Delivery, Queue, WaitingError, Worker } from "bullmq";
import { BandloomError } from "../../core/errors.ts";
import type { JobQueue } from "./queue.ts";
import { isFinished, type JobRecord } from "./record.ts";
import type { JobRecords } from "./records.ts";
import { finishJob, type PartContext, type PartRef } from "./run-part.ts";
import { PARTS_AT_ONCE, RunningParts } from "./running.ts";

const NAME = "parts";
/** Names the layout of keys and values. */
const LAYOUT = "jobs:1";
/** A server that says nothing of a part for so long is taken for gone; it says something at half of that. */
const LOCK_MS = 10_000;
/** How often parts of servers that are gone are looked for. */
const STALLED_EVERY_MS = 5_000;
/** Handing a part out again is bounded by what is written down of the part (MAX_TAKES): a server that is stopped in order does not count. */
const MAX_STALLED = 1_000_000;
/** How often what is written down and what is queued are compared. */
const COMPARE_EVERY_MS = 30_000;
/** A request waits no longer than this for the queue. */
const ANSWER_WITHIN_MS = 3_000;

interface SharedQueueOptions {
  readonly url: string;
  /** Begins all keys. */
  readonly prefix: string;
  readonly context: PartContext;
  /** Work on parts here. */
  readonly run: boolean;
}

/**
 * Hands parts out to all servers of a Redis: each part of a job is a job of BullMQ, whose locks tell which server is gone. How far a part is,
 * and whether the job is wanted still, is written down with the job (records.ts), so a part that is handed out twice is harmless, and one
 * that the queue has lost is added again.
 */
export class SharedQueue implements JobQueue {
  readonly #records: JobRecords;
  readonly #queue: Queue<PartRef>;
  readonly #worker: Worker<PartRef> | null;
  readonly #running: RunningParts;
  readonly #timer: NodeJS.Timeout;
  #closing = false;

  constructor({ url, prefix: before, context, run }: SharedQueueOptions) {
    this.#records = context.records;
    this.#running = new RunningParts(context);
    const connection = { url, maxRetriesPerRequest: null, protocol: 2 };
    // In braces: all keys of the queue lie in one slot of a cluster.
    const prefix = `{${before}${LAYOUT}}`;
    this.#queue = new Queue(NAME, { connection, prefix });
    this.#worker = run
      ? new Worker(NAME, (delivery, token) => this.#work(delivery, token), {
          ...{ connection, prefix, concurrency: PARTS_AT_ONCE, lockDuration: LOCK_MS },
          ...{ stalledInterval: STALLED_EVERY_MS, maxStalledCount: MAX_STALLED },
        })
      : null;
    // The state store tells the operator when Redis is away; without a listener an error would end the process.
    this.#queue.on("error", () => {});
    this.#worker?.on("error", () => {});
    this.#timer = setInterval(() => void this.#compare(), COMPARE_EVERY_MS);
    this.#timer.unref();
    void this.#compare();
  }

  async add(record: JobRecord): Promise<void> {
    const late = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const waited = new Promise<never>((_, reject) => {
      late.addEventListener("abort", () => reject(away()), { once: true });
    });
    await Promise.race([this.#enqueue(record), waited]);
  }

  drop(id: string): Promise<void> {
    return this.#running.stop(id);
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    // What is stopped here goes back to the others before the connections end.
    await this.#running.close();
    const ended = Promise.allSettled([this.#worker?.close(), this.#queue.close()]);
    const late = AbortSignal.timeout(ANSWER_WITHIN_MS);
    await Promise.race([ended, new Promise<void>((resolve) => late.addEventListener("abort", () => resolve()))]);
    if (!late.aborted) return;
    void this.#worker?.close(true);
    void this.#queue.disconnect();
  }

  async #work(delivery: Delivery<PartRef>, token: string | undefined): Promise<void> {
    if (!this.#closing) await this.#running.run(delivery.data);
    if (!this.#closing) return;
    await delivery.moveToWait(token);
    throw new WaitingError();
  }

  /** Parts that are queued already keep their place: a part has one name. */
  async #enqueue(record: JobRecord): Promise<void> {
    const { id, run } = record;
    const parts = await this.#records.parts(record);
    const open = [...parts.keys()].filter((index) => {
      const part = parts[index];
      return part && !isFinished(record, index, part);
    });
    // Its last part was finished just when the job was cancelled, or by a server that ended before it could say so.
    if (open.length === 0) return finishJob(this.#records, record);
    await this.#queue.addBulk(
      open.map((index) => ({
        name: record.imageKey,
        data: { id, run, index },
        opts: { jobId: `${id}-${run}-${index}-${record.createdAt}`, removeOnComplete: true, removeOnFail: true },
      })),
    );
  }

  /** What a Redis that lost its memory, or a server that died between two steps, left out of the queue. */
  async #compare(): Promise<void> {
    try {
      for (const record of await this.#records.all()) if (record.ended === null) await this.#enqueue(record);
    } catch {
      // Redis is away, as the state store has told; the next look may find it.
    }
  }
}

function away(): BandloomError {
  return new BandloomError(
    "SOURCE_FAILED",
    "Jobs cannot be started: the Redis that holds them does not answer. Try again.",
  );
}
