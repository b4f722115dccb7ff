import type { Priority } from "../types.ts";
import type { Job } from "./job.ts";

/** An owner's jobs are looked through so far for work on chunks that a worker has decoded. */
const LOOKAHEAD = 32;

/** So often may younger jobs go before a job. */
const MAX_SKIPS = 16;

/** Owners that are remembered although nothing of theirs waits or runs. */
const MAX_IDLE_OWNERS = 1024;

/** What one owner has waiting, and what it has been given. */
interface Owner {
  readonly name: string;
  /** Somebody looks at them as they come. */
  readonly live: Job[];
  /** Asked for in bulk, or measured: after what is live. */
  readonly bulk: Job[];
  /** Milliseconds that what waits is expected to take: of both, and of what is live. */
  waitingMs: number;
  liveMs: number;
  readonly running: Set<Job>;
  /** Worker milliseconds that it has been given, on a clock that all owners share: whoever is behind is next. */
  given: number;
}

/** Which job a worker takes of those that an owner offers it, oldest first; null: none of them suits it now. */
export type Choose = (offered: readonly Job[]) => Job | null;

/**
 * Jobs that wait, served by owner in turn and by cost: start-time fair queueing (Goyal, Vin and Cheng 1996). An owner whose jobs cost ten
 * times as much is served a tenth as often; one that was away gains nothing by it and loses nothing.
 */
export class FairQueue {
  readonly #owners = new Map<string, Owner>();
  /** Those of them with work that waits or runs: few, however many are remembered. */
  readonly #active = new Set<Owner>();
  /** What the owner that was served last had been given: where those begin who come back. */
  #now = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** How many are remembered. */
  get owners(): number {
    return this.#owners.size;
  }

  push(job: Job): void {
    this.#queueOf(job).push(job);
    this.#counted(job, 1);
  }

  /** Before its owner's others: it has waited before. */
  unshift(job: Job): void {
    this.#queueOf(job).unshift(job);
    this.#counted(job, 1);
  }

  /** False: it does not wait. */
  remove(job: Job): boolean {
    const queue = this.#queueIn(this.#owner(job.owner), job);
    const at = queue.indexOf(job);
    if (at < 0) return false;
    queue.splice(at, 1);
    this.#counted(job, -1);
    return true;
  }

  jobs(): readonly Job[] {
    return [...this.#active].flatMap(({ live, bulk }) => [...live, ...bulk]);
  }

  clear(): readonly Job[] {
    const jobs = [...this.#active].flatMap(({ live, bulk }) => [...live.splice(0), ...bulk.splice(0)]);
    for (const job of jobs) this.#counted(job, -1);
    return jobs;
  }

  /** The job that is next, of those that `choose` takes: of the owner that is furthest behind, and so on. It runs from now on. */
  take(choose: Choose): Job | null {
    for (const owner of this.#inTurn())
      for (const queue of [owner.live, owner.bulk]) {
        const job = this.#chosen(queue, choose);
        if (!job) continue;
        queue.splice(queue.indexOf(job), 1);
        owner.running.add(job);
        this.#counted(job, -1);
        this.#now = Math.max(this.#now, owner.given);
        job.charged = job.cost.ms;
        owner.given += job.charged;
        return job;
      }
    return null;
  }

  /** It runs no more, and took so many milliseconds of a worker: what it was expected to take is made right. */
  done(job: Job, workMs: number): void {
    const owner = this.#owner(job.owner);
    if (!owner.running.delete(job)) return;
    owner.given += workMs - job.charged;
    if (!isActive(owner)) this.#active.delete(owner);
    // Seldom, as all are looked at.
    if (this.#owners.size > 2 * MAX_IDLE_OWNERS) this.#forgetIdle();
  }

  /** How many jobs of an owner wait. */
  countOf(name: string): number {
    const owner = this.#owners.get(name);
    return owner ? owner.live.length + owner.bulk.length : 0;
  }

  /** An owner's part of `count`, where each that has work has the same. */
  shareOf(name: string, count: number): number {
    let others = 0;
    for (const owner of this.#active) if (owner.name !== name) others++;
    return Math.floor(count / (others + 1));
  }

  /**
   * Milliseconds of work that are done before a job of `ms` milliseconds that an owner brings now: its own before it, and of every other
   * owner as much as this one is given until then.
   */
  ahead(name: string, priority: Priority, ms: number): number {
    const own = this.#owners.get(name);
    const before = own ? workOf(own, priority) : 0;
    let sum = before;
    for (const other of this.#active) if (other !== own) sum += Math.min(workOf(other, "bulk"), before + ms);
    return sum;
  }

  /** Somebody else waits as well. */
  get isContended(): boolean {
    let waiting = 0;
    for (const owner of this.#active) if (isWaiting(owner) && ++waiting > 1) return true;
    return false;
  }

  /** In this lane, a job would make it more lanes than `most` that work for its owner. */
  exceedsShare({ owner }: Job, lane: number, most: number): boolean {
    const lanes = new Set<number | null>();
    for (const { lane: taken } of this.#owners.get(owner)?.running ?? []) lanes.add(taken);
    return lanes.size > most || (lanes.size === most && !lanes.has(lane));
  }

  #chosen(queue: readonly Job[], choose: Choose): Job | null {
    const [oldest] = queue;
    if (!oldest) return null;
    const chosen = choose(oldest.skipped < MAX_SKIPS ? queue.slice(0, LOOKAHEAD) : [oldest]);
    if (chosen && chosen !== oldest) oldest.skipped++;
    return chosen;
  }

  /** Those with work, furthest behind first. */
  *#inTurn(): Iterable<Owner> {
    const waiting = [...this.#active].filter(isWaiting);
    // Most of the time there is one.
    if (waiting.length < 2) return yield* waiting;
    const left = new Set(waiting);
    const now = performance.now();
    const due = new Map([...left].map((owner) => [owner, owner.given + overtime(owner, now)]));
    while (left.size > 0) {
      let next: Owner | null = null;
      for (const owner of left)
        if (next === null || (due.get(owner) as number) < (due.get(next) as number)) next = owner;
      if (next === null) return;
      left.delete(next);
      yield next;
    }
  }

  /** One job more or less waits. */
  #counted({ owner: name, priority, expected }: Job, count: 1 | -1): void {
    const owner = this.#owner(name);
    this.#length += count;
    owner.waitingMs += count * expected;
    if (priority === "live") owner.liveMs += count * expected;
    // What was added and taken away again leaves nothing of rounding.
    if (owner.live.length === 0) owner.liveMs = 0;
    if (!isWaiting(owner)) owner.waitingMs = 0;
    if (isActive(owner)) this.#active.add(owner);
    else this.#active.delete(owner);
  }

  #queueOf(job: Job): Job[] {
    const owner = this.#owner(job.owner);
    if (!isWaiting(owner) && owner.running.size === 0) owner.given = Math.max(owner.given, this.#now);
    return this.#queueIn(owner, job);
  }

  #queueIn({ live, bulk }: Owner, { priority }: Job): Job[] {
    return priority === "live" ? live : bulk;
  }

  #owner(name: string): Owner {
    const known = this.#owners.get(name);
    if (known) return known;
    const owner: Owner = {
      ...{ name, live: [], bulk: [], waitingMs: 0, liveMs: 0 },
      ...{ running: new Set<Job>(), given: this.#now },
    };
    this.#owners.set(name, owner);
    return owner;
  }

  /** Those who are not ahead of the others lose nothing by it: they would begin where these are. Then those who came first. */
  #forgetIdle(): void {
    const idle = [...this.#owners.values()].filter((owner) => !isActive(owner));
    for (const { name } of idle.filter(({ given }) => given <= this.#now)) this.#owners.delete(name);
    for (const { name } of idle) if (this.#owners.size > MAX_IDLE_OWNERS) this.#owners.delete(name);
  }
}

function isWaiting({ live, bulk }: Owner): boolean {
  return live.length > 0 || bulk.length > 0;
}

function isActive(owner: Owner): boolean {
  return owner.running.size > 0 || isWaiting(owner);
}

/** Milliseconds of what an owner has running, and waiting before a new job of a priority. */
function workOf({ running, waitingMs, liveMs }: Owner, priority: Priority): number {
  let sum = priority === "live" ? liveMs : waitingMs;
  if (running.size === 0) return sum;
  const now = performance.now();
  for (const { charged, startedAt } of running) sum += Math.max(0, charged - (now - startedAt));
  return sum;
}

/** What its running jobs have taken beyond their cost so far, as far as can be told from outside. */
function overtime({ running }: Owner, now: number): number {
  let sum = 0;
  for (const job of running) sum += Math.max(0, now - job.startedAt - job.charged);
  return sum;
}
