import type { Worker } from "node:worker_threads";
import { endThread } from "../end-thread.ts";
import { type Cancellation, isReply, READY, type Reply, type Request } from "../protocol.ts";
import type { Job } from "./job.ts";

/**
 * Short jobs that a worker holds at most: one that runs and one that waits in its port, so that no hop lies between them and that one can
 * be evaluated while the other is being encoded elsewhere.
 */
const SHORT_SLOTS = 2;

/** Long jobs that take turns in a worker at most, one of each owner: whoever comes between waits for a slice of each. */
const LONG_SLOTS = 2;

/** Jobs that a worker holds at most, those included that mostly wait for a network. */
export const SLOTS = 12;

/** Starts the worker of a lane; `cancelled` is shared with it, `onTraffic` is called when it asks for bytes over the network. */
export type Spawn = (cancelled: Int32Array<SharedArrayBuffer>, onTraffic: () => void) => Worker;

/** Why a worker was given up. `poisoned`: it said so itself, in the reply to the job that did it; the others in it are innocent. */
export type Loss = "exception" | "memory" | "exit" | "garbage" | "deadline" | "poisoned";

export interface LaneEvents {
  /** Room was made, or the worker came up. */
  readonly onRoom: () => void;
  readonly onReply: (job: Job, reply: Reply) => void;
  /** The worker is gone; `jobs` were in it. `started` tells whether it had ever been ready. */
  readonly onLost: (lane: Lane, loss: Loss, jobs: readonly Job[], started: boolean) => void;
}

/** One place of the pool: a worker, the jobs in it, and its successor when it is lost. */
export class Lane {
  readonly #spawn: Spawn;
  readonly #events: LaneEvents;
  #worker: Worker | null = null;
  #ready = false;
  #jobs: (Job | null)[] = [];
  /** How many of them there are. */
  #load = 0;
  #cancelled = new Int32Array(new SharedArrayBuffer(SLOTS * Int32Array.BYTES_PER_ELEMENT));
  /** When the worker was last heard of or was given work after idling, monotonic milliseconds. */
  #heard = 0;

  constructor(spawn: Spawn, events: LaneEvents) {
    this.#spawn = spawn;
    this.#events = events;
  }

  get ready(): boolean {
    return this.#ready;
  }

  get load(): number {
    return this.#load;
  }

  /** It works on something that nobody waits for. */
  get inBackground(): boolean {
    return this.#jobs.some((job) => job?.priority === "background");
  }

  get hasSuspect(): boolean {
    return this.#jobs.some((job) => job?.suspect);
  }

  jobs(): readonly Job[] {
    return this.#jobs.filter((job) => job !== null);
  }

  /** Tells which jobs may be given to it now; a suspect wants the worker to itself. */
  room(): (job: Job) => boolean {
    if (!this.#ready) return () => false;
    if (this.load === 0) return () => true;
    if (this.load >= SLOTS || this.hasSuspect) return () => false;
    const now = performance.now();
    const others = this.jobs().filter((job) => !job.remote);
    const long = others.filter((job) => job.isLongAt(now));
    const hasShort = others.length - long.length < SHORT_SLOTS;
    const hasLong = (owner: string) => long.length < LONG_SLOTS && long.every((other) => other.owner !== owner);
    return (job) => !job.suspect && (job.remote || (job.isLongAt(now) ? hasLong(job.owner) : hasShort));
  }

  start(): void {
    this.#ready = false;
    this.#jobs = new Array<Job | null>(SLOTS).fill(null);
    this.#load = 0;
    this.#cancelled = new Int32Array(new SharedArrayBuffer(SLOTS * Int32Array.BYTES_PER_ELEMENT));
    this.#heard = performance.now();
    const current = (act: () => void) => () => {
      if (this.#worker === worker) act();
    };
    // What waits for a network is not hung: each request has a deadline of its own.
    const heard = current(() => {
      this.#heard = performance.now();
    });
    const worker: Worker = this.#spawn(this.#cancelled, () => heard());
    this.#worker = worker;
    worker.on("message", (message: unknown) => current(() => this.#receive(message))());
    worker.on(
      "messageerror",
      current(() => this.lose("garbage")),
    );
    worker.on("error", (error) => current(() => this.lose(isOutOfMemory(error) ? "memory" : "exception"))());
    worker.on(
      "exit",
      current(() => this.lose("exit")),
    );
  }

  give(job: Job): void {
    const slot = this.#jobs.indexOf(null);
    if (this.load === 0) this.#heard = performance.now();
    this.#jobs[slot] = job;
    this.#load++;
    job.startedAt = performance.now();
    Atomics.store(this.#cancelled, slot, 0);
    this.#worker?.postMessage({ id: job.id, slot, task: job.task } satisfies Request);
  }

  /** Tell the worker, between two chunks or pictures, that nobody waits for the job; true: it has it. */
  cancel(job: Job): boolean {
    const slot = this.#jobs.indexOf(job);
    if (slot < 0) return false;
    Atomics.store(this.#cancelled, slot, 1);
    if (job.remote) this.#worker?.postMessage({ cancel: job.id } satisfies Cancellation);
    return true;
  }

  /** The worker has been silent for longer than `deadline` milliseconds although it has work, or has not come up. */
  isOverdue(deadline: number): boolean {
    const expected = this.#worker !== null && (!this.#ready || this.load > 0);
    return expected && performance.now() - this.#heard > deadline;
  }

  lose(loss: Loss): void {
    const worker = this.#worker;
    if (!worker) return;
    const jobs = this.#jobs.filter((job) => job !== null);
    const started = this.#ready;
    this.#worker = null;
    this.#ready = false;
    this.#jobs = [];
    this.#load = 0;
    void worker.terminate();
    this.#events.onLost(this, loss, jobs, started);
  }

  async stop(): Promise<readonly Job[]> {
    const worker = this.#worker;
    const jobs = this.#jobs.filter((job) => job !== null);
    this.#worker = null;
    this.#ready = false;
    this.#jobs = [];
    this.#load = 0;
    // Nobody waits for what is in it.
    for (let slot = 0; slot < SLOTS; slot++) Atomics.store(this.#cancelled, slot, 1);
    if (worker) await endThread(worker);
    return jobs;
  }

  #receive(message: unknown): void {
    this.#heard = performance.now();
    if (message === READY) {
      this.#ready = true;
      this.#events.onRoom();
      return;
    }
    const slot = isReply(message) ? this.#jobs.findIndex((job) => job?.id === message.id) : -1;
    const job = this.#jobs[slot];
    if (!isReply(message) || !job) {
      this.lose("garbage");
      return;
    }
    this.#jobs[slot] = null;
    this.#load--;
    this.#events.onReply(job, message);
    if (message.fatal) this.lose("poisoned");
    else this.#events.onRoom();
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY";
}
