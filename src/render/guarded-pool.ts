import type { BandloomError } from "../core/errors.ts";
import { own, ownerOf } from "../core/owner.ts";
import type { Loss } from "./pool/lane.ts";
import type { RunOptions, WorkerPool } from "./pool/worker-pool.ts";
import type { Task, TaskOf, TaskResults } from "./protocol.ts";
import type { Quarantine } from "./quarantine.ts";
import { Work } from "./work.ts";

interface Begun {
  readonly work: Work;
  readonly controller: AbortController;
}

/** The quarantine before the pool. */
export class GuardedPool {
  readonly #pool: WorkerPool;
  readonly #quarantine: Quarantine;
  readonly #begun = new Set<Begun>();

  constructor(pool: WorkerPool, quarantine: Quarantine) {
    this.#pool = pool;
    this.#quarantine = quarantine;
  }

  /** As the pool's `run`; rejects at once where the work is in quarantine, or has just failed in a way that costs a worker. */
  async run<Kind extends Task["kind"]>(task: TaskOf<Kind>, options: RunOptions): Promise<TaskResults[Kind]> {
    const work = new Work(task);
    const refusal = this.#quarantine.refusal(work);
    if (refusal) throw refusal;
    const { signal } = options;
    const controller = new AbortController();
    const begun = { work, controller };
    const leave = () => controller.abort(signal?.reason);
    if (signal?.aborted) leave();
    signal?.addEventListener("abort", leave, { once: true });
    this.#begun.add(begun);
    try {
      return await this.#pool.run(task, {
        ...options,
        signal: own(controller.signal, ownerOf(signal)),
        onLost: (loss, error) => this.#blame(work, loss, error),
      });
    } finally {
      signal?.removeEventListener("abort", leave);
      this.#begun.delete(begun);
    }
  }

  /** What waits already is refused as well: else each tile of a page would take a worker with it. */
  #blame(work: Work, loss: Loss, error: BandloomError): void {
    if (!this.#quarantine.blame(work, loss, error)) return;
    for (const begun of this.#begun) {
      const refusal = this.#quarantine.refusal(begun.work);
      if (refusal) begun.controller.abort(refusal);
    }
  }
}
