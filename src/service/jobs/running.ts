import { setMaxListeners } from "node:events";
import { type PartContext, type PartRef, runPart } from "./run-part.ts";

/** Parts that a process works on at a time: while the last tiles of one step are rendered, the next step is begun. */
export const PARTS_AT_ONCE = 2;

interface RunningPart {
  readonly id: string;
  readonly controller: AbortController;
  readonly end: Promise<void>;
}

/** The parts that run in this process. */
export class RunningParts {
  readonly #context: PartContext;
  readonly #parts = new Map<string, RunningPart>();
  #closed = false;

  constructor(context: PartContext) {
    this.#context = context;
  }

  get size(): number {
    return this.#parts.size;
  }

  has(ref: PartRef): boolean {
    return this.#parts.has(nameOf(ref));
  }

  /** Resolves when the part is done, or stopped. */
  async run(ref: PartRef): Promise<void> {
    // What was cancelled here and wanted again at once may be handed out before it has stopped.
    for (let before = this.#parts.get(nameOf(ref)); before; before = this.#parts.get(nameOf(ref))) await before.end;
    if (this.#closed) return;
    const controller = new AbortController();
    // Each tile of a step listens.
    setMaxListeners(0, controller.signal);
    const end = runPart(this.#context, ref, controller.signal)
      .catch((error: unknown) => {
        if (!controller.signal.aborted) this.#context.log(`A job stopped: ${String(error)}`);
      })
      .finally(() => this.#parts.delete(nameOf(ref)));
    this.#parts.set(nameOf(ref), { id: ref.id, controller, end });
    await end;
  }

  /** Resolves when the job's parts that ran here have stopped. */
  stop(id: string): Promise<void> {
    return this.#end((part) => part.id === id);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#end(() => true);
  }

  async #end(isMeant: (part: RunningPart) => boolean): Promise<void> {
    const meant = [...this.#parts.values()].filter(isMeant);
    for (const { controller } of meant) controller.abort();
    await Promise.all(meant.map(({ end }) => end));
  }
}

function nameOf({ id, run, index }: PartRef): string {
  return `${id}/${run}/${index}`;
}
