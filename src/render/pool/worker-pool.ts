import { BandloomError } from "../../core/errors.ts";
import { ownerOf } from "../../core/owner.ts";
import { promiseWithResolver } from "../../core/promise.ts";
import { rendezvous } from "../../plan/index.ts";
import type { Cost } from "../cost.ts";
import { Overrun } from "../deadline.ts";
import type { Counters, Failure, Reply, Task, TaskOf, TaskResults } from "../protocol.ts";
import type { Priority } from "../types.ts";
import { Door } from "./door.ts";
import { type Choose, FairQueue } from "./fair-queue.ts";
import { Job, type OnLost } from "./job.ts";
import { Lane, type LaneEvents, type Loss, SLOTS, type Spawn } from "./lane.ts";

export interface PoolOptions {
  /** Workers. */
  readonly size: number;
  readonly spawn: Spawn;
  /** Work that would wait longer is refused with OVERLOADED at once, milliseconds. */
  readonly queueMs: number;
  /** Workers that one owner has at most while others wait; null: all. */
  readonly ownerWorkers: number | null;
  /** Seconds of a worker that one owner may use in a minute; null: as many as it likes. */
  readonly ownerSeconds: number | null;
  /** What is granted to one owner in place of these; null: nothing else. */
  readonly shareOf?: (owner: string) => { readonly workers?: number; readonly seconds?: number } | null;
  /** A worker that works longer than this on one job is taken for hung, milliseconds. */
  readonly deadlineMs: number;
}

export interface RunOptions {
  /** Names what the job works on; jobs with the same name prefer the same worker. Null: any will do. */
  readonly affinity: string | null;
  readonly cost: Cost;
  readonly signal?: AbortSignal | undefined;
  readonly priority?: Priority;
  /** It is part of work that was let in before (`admit`). */
  readonly admitted?: boolean;
  readonly onLost?: OnLost;
}

export interface PoolStats extends Counters {
  readonly workers: number;
  readonly busy: number;
  /** Live jobs that wait. */
  readonly queued: number;
  /** Background jobs that wait. */
  readonly background: number;
  readonly failures: number;
  readonly replacedWorkers: number;
}

/** A lane looks this far among jobs that nobody waits for, for work on chunks that it has decoded. */
const LOOKAHEAD = 32;

/** Workers are looked at so often, milliseconds: one that hangs is noticed within a quarter of a second of its deadline. */
const WATCH_MS = 200;

/** A worker that cannot even start is tried again after 100, 200, 400 … ms, at most this. */
const MAX_RESTART_DELAY_MS = 5000;

/** After so many failed starts in a row, with no worker up, waiting jobs are told. */
const HOPELESS_STARTS = 3;

/** Bounded queue in front of worker threads, with affinity, stealing, deadlines and replacement of lost workers. */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #lanes: readonly Lane[];
  readonly #queue = new FairQueue();
  readonly #door: Door;
  /** Jobs of which one has cost a worker: each is run again, alone. */
  readonly #suspects: Job[] = [];
  /** Jobs that nobody waits for: taken only while the queue is empty. */
  readonly #background: Job[] = [];
  readonly #watch: NodeJS.Timeout;
  readonly #restarts = new Set<NodeJS.Timeout>();
  readonly #allReady = promiseWithResolver();
  #lastId = 0;
  #failures = 0;
  #replaced = 0;
  #failedStarts = 0;
  #closed = false;
  #counters: Counters = { chunksDecoded: 0, chunkHits: 0, kernelsCompiled: 0 };

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#door = new Door(this.#queue, options);
    const events: LaneEvents = {
      onRoom: () => {
        if (this.#lanes.every((lane) => lane.ready)) this.#allReady.resolve();
        this.#pump();
      },
      onReply: (job, reply) => this.#settle(job, reply),
      onLost: (lane, loss, jobs, started) => this.#replace(lane, loss, jobs, started),
    };
    this.#lanes = Array.from({ length: options.size }, () => new Lane(options.spawn, events));
    for (const lane of this.#lanes) lane.start();
    this.#watch = setInterval(() => this.#findOverdue(), Math.min(WATCH_MS, options.deadlineMs / 4));
    this.#watch.unref();
  }

  /** Resolves when every worker has loaded its code: until then jobs wait. Never, where workers cannot start. */
  get ready(): Promise<void> {
    return this.#allReady.promise;
  }

  /**
   * Asked once for work that is brought in several jobs, by what its first one takes. Throws OVERLOADED for what would wait too long,
   * QUOTA_EXCEEDED for an owner that has used its seconds.
   */
  admit(signal: AbortSignal | undefined, { ms }: Cost, priority: Priority): void {
    // Nobody waits for it: it may take as long as it takes.
    if (priority !== "background") this.#door.admit({ owner: ownerOf(signal), priority, ms });
  }

  /** Ends what waits and what runs, where `find` says why. */
  refuse(find: (task: Task) => BandloomError | null): void {
    const waiting = [...this.#suspects, ...this.#queue.jobs(), ...this.#background];
    const running = this.#lanes.flatMap((lane) => lane.jobs());
    for (const job of [...waiting, ...running]) {
      const refusal = job.settled ? null : find(job.task);
      if (refusal) this.#end(job, refusal);
    }
  }

  /** What an owner would be told that asked for a usual tile now; null: it would be let in. */
  refusal(owner: () => string): BandloomError | null {
    return this.#door.refusal(owner);
  }

  /** Rejects with the reason of an aborted signal, and with what `admit` throws. The job is of the signal's owner. */
  run<Kind extends Task["kind"]>(
    task: TaskOf<Kind>,
    { affinity, cost, signal, priority = "live", admitted = false, onLost }: RunOptions,
  ): Promise<TaskResults[Kind]> {
    return new Promise<unknown>((resolve, reject) => {
      if (signal?.aborted) throw signal.reason;
      if (this.#closed) throw new BandloomError("OVERLOADED", "The server is shutting down.");
      if (!admitted) this.admit(signal, cost, priority);
      const preferred = affinity === null ? null : rendezvous(affinity, this.#lanes.length);
      const asked = { priority, preferred, owner: ownerOf(signal), cost, onLost };
      const job = new Job(++this.#lastId, task, asked, resolve, reject);
      if (priority === "background") this.#background.push(job);
      else {
        if (this.#queue.length === 0) this.#door.begin();
        this.#queue.push(job);
      }
      this.#pump();
      if (signal) job.onAbort(signal, () => this.#end(job, signal.reason));
    }) as Promise<TaskResults[Kind]>;
  }

  get size(): number {
    return this.#options.size;
  }

  stats(): PoolStats {
    return {
      ...this.#counters,
      workers: this.#lanes.filter((lane) => lane.ready).length,
      busy: this.#lanes.filter((lane) => lane.load > 0).length,
      queued: this.#queue.length + this.#suspects.length,
      background: this.#background.length,
      failures: this.#failures,
      replacedWorkers: this.#replaced,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    for (const restart of this.#restarts) clearTimeout(restart);
    const running = await Promise.all(this.#lanes.map((lane) => lane.stop()));
    for (const job of [...running.flat(), ...this.#waiting()])
      if (!job.settled) job.reject(new BandloomError("OVERLOADED", "The server is shutting down."));
  }

  /** Idle workers take what suits them best, else the oldest job; busy ones fill their second slot with work of their own. */
  #pump(): void {
    const reserved = this.#pumpSuspects();
    for (let load = 0; load < SLOTS && this.#queue.length > 0; load++)
      for (const [index, lane] of this.#lanes.entries()) {
        if (this.#queue.length === 0) break;
        if (lane.load !== load || lane === reserved) continue;
        this.#give(index, this.#next(lane, index));
      }
    if (this.#queue.length === 0 && this.#background.length > 0) this.#pumpBackground();
  }

  /** Idle lanes take suspects, one each. While others wait the lane with the least to do is given nothing more: they are next in it. */
  #pumpSuspects(): Lane | null {
    for (const [index, lane] of this.#lanes.entries()) {
      if (!lane.ready || lane.load > 0) continue;
      const suspect = this.#suspects.shift();
      if (!suspect) return null;
      this.#give(index, suspect);
    }
    if (this.#suspects.length === 0) return null;
    const up = this.#lanes.filter((lane) => lane.ready && !lane.hasSuspect);
    return up.reduce<Lane | null>((least, lane) => (least === null || lane.load < least.load ? lane : least), null);
  }

  /**
   * What nobody waits for goes to idle workers, one job each, and leaves one worker free where there are several: a live job that comes
   * now waits for nothing, and where there is but one worker, for the one job that runs.
   */
  #pumpBackground(): void {
    const most = Math.max(1, this.#lanes.length - 1);
    let lanes = this.#lanes.filter((lane) => lane.inBackground).length;
    for (const [index, lane] of this.#lanes.entries()) {
      if (lanes >= most || this.#background.length === 0) return;
      if (!lane.ready || lane.load > 0) continue;
      const window = this.#background.slice(0, LOOKAHEAD);
      const at = Math.max(
        0,
        window.findIndex(({ preferred }) => preferred === index),
      );
      for (const job of this.#background.splice(at, 1)) this.#give(index, job);
      lanes++;
    }
  }

  /** Of what an owner offers: what suits the lane, else the oldest where the lane is idle or the job's own cannot take it. */
  #chosen(lane: Lane, index: number, offered: readonly Job[]): Job | null {
    const accepted = offered.filter(lane.room());
    const [oldest] = accepted;
    if (!oldest) return null;
    const own = accepted.find((job) => job.preferred === index);
    return own ?? (lane.load === 0 || this.#isHomeless(oldest) ? oldest : null);
  }

  /** The job that a lane takes next; null: none suits it. */
  #next(lane: Lane, index: number): Job | null {
    const choose: Choose = (offered) => this.#chosen(lane, index, offered);
    let passedOver = false;
    const job = this.#queue.take((offered) => {
      if (!this.#isOverShare(index, offered)) return choose(offered);
      passedOver = true;
      return null;
    });
    // Where nothing of the others suits the lane, it is better over the share than idle.
    return job ?? (passedOver ? this.#queue.take(choose) : null);
  }

  #give(index: number, job: Job | null): void {
    if (!job) return;
    job.lane = index;
    this.#lanes[index]?.give(job);
  }

  /** The owner of these jobs has as many workers as one may have while others wait, and others do. */
  #isOverShare(index: number, [job]: readonly Job[]): boolean {
    const { ownerWorkers, size, shareOf } = this.#options;
    if (!job) return false;
    const most = shareOf?.(job.owner)?.workers ?? ownerWorkers;
    if (most === null || most >= size || !this.#queue.isContended) return false;
    return this.#queue.exceedsShare(job, index, most);
  }

  /** False: it does not wait. */
  #remove(job: Job): boolean {
    for (const list of [this.#background, this.#suspects]) {
      const at = list.indexOf(job);
      if (at < 0) continue;
      list.splice(at, 1);
      return true;
    }
    return this.#queue.remove(job);
  }

  /** All that waits, which waits no more. */
  #waiting(): readonly Job[] {
    return [...this.#suspects.splice(0), ...this.#queue.clear(), ...this.#background.splice(0)];
  }

  /** The job's own lane cannot take it now. */
  #isHomeless(job: Job): boolean {
    return job.preferred === null || this.#lanes[job.preferred]?.room()(job) !== true;
  }

  #settle(job: Job, reply: Reply): void {
    const { chunksDecoded, chunkHits, kernelsCompiled } = this.#counters;
    this.#counters = {
      chunksDecoded: chunksDecoded + reply.counters.chunksDecoded,
      chunkHits: chunkHits + reply.counters.chunkHits,
      kernelsCompiled: kernelsCompiled + reply.counters.kernelsCompiled,
    };
    this.#failedStarts = 0;
    this.#queue.done(job, reply.workMs);
    this.#door.charge(job.owner, reply.workMs);
    job.cost.learn(reply.workMs);
    if (!job.settled) {
      if ("value" in reply.outcome) job.resolve(reply.outcome.value);
      else this.#fail(job, BandloomError.fromMessage(reply.outcome.error));
    }
    const loss = lossOf(reply);
    if (loss) job.onLost(loss, lossError(loss, this.#options.deadlineMs));
  }

  #end(job: Job, reason: unknown): void {
    job.reject(reason);
    if (!this.#remove(job)) this.#lanes.some((lane) => lane.cancel(job));
  }

  /** A lost worker costs the one job that was in it. Of two, either may be guilty: each is run again, alone. */
  #replace(lane: Lane, loss: Loss, jobs: readonly Job[], started: boolean): void {
    this.#replaced++;
    if (!started) this.#failedStarts++;
    for (const job of jobs) {
      const workMs = performance.now() - job.startedAt;
      this.#queue.done(job, workMs);
      this.#door.charge(job.owner, workMs);
    }
    const alive = jobs.filter((job) => !job.settled);
    if (jobs.length === 1 && loss !== "poisoned") {
      const error = lossError(loss, this.#options.deadlineMs);
      for (const job of alive) this.#fail(job, error);
      for (const job of jobs) job.onLost(loss, error);
    } else {
      for (const job of alive.reverse()) {
        job.suspect = loss !== "poisoned";
        if (job.suspect) this.#suspects.unshift(job);
        else if (job.priority === "background") this.#background.unshift(job);
        else this.#queue.unshift(job);
      }
    }
    const hopeless = this.#failedStarts >= HOPELESS_STARTS && !this.#lanes.some(({ ready }) => ready);
    if (hopeless) for (const job of this.#waiting()) this.#fail(job, lossError("exit", 0));
    this.#restart(lane, started ? 0 : Math.min(100 * 2 ** (this.#failedStarts - 1), MAX_RESTART_DELAY_MS));
    this.#pump();
  }

  #restart(lane: Lane, delay: number): void {
    if (this.#closed) return;
    if (delay === 0) {
      lane.start();
      return;
    }
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      lane.start();
    }, delay);
    this.#restarts.add(timer);
  }

  #fail(job: Job, error: BandloomError): void {
    this.#failures++;
    job.reject(error);
  }

  #findOverdue(): void {
    for (const lane of this.#lanes) if (lane.isOverdue(this.#options.deadlineMs)) lane.lose("deadline");
  }
}

/** What the job of a reply has done to its worker; null: nothing. */
function lossOf({ outcome, fatal }: Reply): Loss | null {
  if (fatal) return "poisoned";
  const answers = "error" in outcome ? [outcome] : Array.isArray(outcome.value) ? outcome.value : [];
  return answers.some((one: Partial<Failure> | null) => one?.overran) ? "deadline" : null;
}

function lossError(loss: Loss, deadlineMs: number): BandloomError {
  switch (loss) {
    case "deadline":
      return new Overrun(deadlineMs);
    case "memory":
      return new BandloomError(
        "LIMIT_EXCEEDED",
        "The work needed more memory than one worker has. Ask for a smaller region or a coarser level.",
      );
    case "exception":
    case "exit":
    case "garbage":
    case "poisoned":
      return new BandloomError("INTERNAL", "The worker that did this failed; it has been replaced.");
  }
}
