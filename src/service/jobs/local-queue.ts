import type { JobQueue } from "./queue.ts";
import { isFinished, type JobRecord } from "./record.ts";
import type { JobRecords } from "./records.ts";
import { finishJob, type PartContext, type PartRef } from "./run-part.ts";
import { PARTS_AT_ONCE, RunningParts } from "./running.ts";
import { isTaken } from "./worker.ts";

/** Hands parts out within one process: the jobs that are written down are its queue. What a process that was killed left goes on by itself. */
export class LocalQueue implements JobQueue {
  readonly #records: JobRecords;
  readonly #running: RunningParts;
  readonly #log: (message: string) => void;
  readonly #timer: NodeJS.Timeout;
  /** Jobs that were asked for here go first. */
  readonly #own = new Set<string>();
  #pumping: Promise<void> | null = null;
  #again = false;
  #told = false;
  #closed = false;

  constructor(context: PartContext) {
    this.#records = context.records;
    this.#log = context.log;
    this.#running = new RunningParts(context);
    this.#timer = setInterval(() => this.#pump(), context.times.lookEveryMs);
    this.#timer.unref();
    this.#pump();
  }

  async add({ id }: JobRecord): Promise<void> {
    this.#own.add(id);
    this.#pump();
  }

  drop(id: string): Promise<void> {
    this.#own.delete(id);
    return this.#running.stop(id);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#pumping;
    await this.#running.close();
  }

  /** One look at a time; what was added meanwhile is looked at once more. */
  #pump(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#pumping ??= this.#fill().finally(() => {
      this.#pumping = null;
      if (this.#again) this.#pump();
    });
  }

  async #fill(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      try {
        while (this.#running.size < PARTS_AT_ONCE && !this.#closed) {
          const ref = await this.#next();
          if (!ref || this.#closed) break;
          void this.#running.run(ref).then(() => this.#pump());
        }
      } catch (error) {
        // The next look may find the store again.
        this.#again = false;
        if (!this.#told) this.#log(`Jobs cannot be read: ${error instanceof Error ? error.message : String(error)}`);
        this.#told = true;
      }
    }
  }

  async #next(): Promise<PartRef | null> {
    const all = await this.#records.all();
    this.#told = false;
    const unfinished = all.filter(({ ended }) => ended === null);
    const first = unfinished.filter(({ id }) => this.#own.has(id));
    this.#own.clear();
    for (const { id } of first) this.#own.add(id);
    for (const record of new Set([...first, ...unfinished])) {
      const parts = await this.#records.parts(record);
      const { id, run } = record;
      const free = parts.findIndex(
        (part, index) =>
          !isFinished(record, index, part) && !this.#running.has({ id, run, index }) && !isTaken(part, Date.now()),
      );
      if (free >= 0) return { id, run, index: free };
      // Its last part was finished by a process that ended before it could say so, or just when the job was cancelled.
      if (parts.every((part, index) => isFinished(record, index, part))) await finishJob(this.#records, record);
    }
    return null;
  }
}
