import type { RunOptions, WorkerPool } from "./pool/worker-pool.ts";
import type { Task, TaskOf, TaskResults } from "./protocol.ts";
import type { Quarantine } from "./quarantine.ts";
import { Work } from "./work.ts";

/** The quarantine before the pool. */
export class GuardedPool {
  readonly #pool: WorkerPool;
  readonly #quarantine: Quarantine;

  constructor(pool: WorkerPool, quarantine: Quarantine) {
    this.#pool = pool;
    this.#quarantine = quarantine;
  }

  /** As the pool's `run`; rejects at once where the work is in quarantine, or has just failed in a way that costs a worker. */
  async run<Kind extends Task["kind"]>(task: TaskOf<Kind>, options: RunOptions): Promise<TaskResults[Kind]> {
    const work = new Work(task);
    const refusal = this.#quarantine.refusal(work);
    if (refusal) throw refusal;
    return this.#pool.run(task, {
      ...options,
      onLost: (loss, error) => {
        // What waits already is refused as well: else each tile of a page would take a worker with it.
        if (this.#quarantine.blame(work, loss, error))
          this.#pool.refuse((other) => this.#quarantine.refusal(new Work(other)));
      },
    });
  }
}
