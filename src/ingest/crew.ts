import {
  MessageChannel,
  type MessagePort,
  type ResourceLimits,
  type TransferListItem,
  type Worker,
} from "node:worker_threads";
import { BandloomError } from "../core/errors.ts";
import { endThread } from "../render/end-thread.ts";
import { startThread } from "../render/thread.ts";
import type { Location, Remote } from "../source/index.ts";
import { serveRemote } from "../source/remote/index.ts";
import type {
  Answer,
  CheckJob,
  CheckResult,
  Job,
  Result,
  Target,
  ThreadSettings,
  UnitJob,
  UnitResult,
  WindowJob,
  WindowResult,
} from "./protocol.ts";

/** Pixels lie outside the heap, which holds metadata. */
const RESOURCE_LIMITS: ResourceLimits = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 16 };

interface Task {
  readonly job: Job;
  readonly resolve: (value: Result) => void;
  readonly reject: (reason: unknown) => void;
}

/** Threads that convert. Jobs wait until a thread is free. */
export class Crew {
  readonly #threads: readonly Worker[];
  readonly #ports: MessagePort[] = [];
  readonly #idle: Worker[] = [];
  readonly #waiting: Task[] = [];
  readonly #running = new Map<Worker, Task>();
  #broken: unknown = null;

  constructor(count: number, sources: readonly Location[], target: Target, remote: Remote | null) {
    this.#threads = Array.from({ length: count }, () => this.#start({ sources, target, remote: null }, remote));
    this.#idle.push(...this.#threads);
  }

  get size(): number {
    return this.#threads.length;
  }

  make(job: UnitJob): Promise<UnitResult> {
    return this.#run(job) as Promise<UnitResult>;
  }

  /** The same, before all jobs that have not begun. */
  makeNext(job: UnitJob): Promise<UnitResult> {
    return this.#run(job, true) as Promise<UnitResult>;
  }

  check(job: CheckJob): Promise<CheckResult> {
    return this.#run(job) as Promise<CheckResult>;
  }

  window(job: WindowJob): Promise<WindowResult> {
    return this.#run(job) as Promise<WindowResult>;
  }

  /** Ends all threads, with what they are doing. */
  async close(): Promise<void> {
    this.#fail(new Error("The threads were ended."));
    for (const port of this.#ports) port.close();
    await Promise.all(this.#threads.map(endThread));
  }

  #run(job: Job, first = false): Promise<Result> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    const result = new Promise<Result>((resolve, reject) => {
      const task = { job, resolve, reject };
      if (first) this.#waiting.unshift(task);
      else this.#waiting.push(task);
    });
    // Awaited later: until then a failure must not count as unhandled.
    result.catch(() => {});
    this.#next();
    return result;
  }

  #start(settings: ThreadSettings, remote: Remote | null): Worker {
    const port = remote && this.#remotePort(remote);
    const thread = startThread("./worker/ingest", import.meta.url, {
      workerData: { ...settings, remote: port },
      transferList: port ? [port] : [],
      resourceLimits: RESOURCE_LIMITS,
      execArgv: [],
    });
    thread.on("message", (answer: Answer) => this.#answered(thread, answer));
    thread.on("error", (error) => this.#fail(threadError(error)));
    thread.on("exit", () => this.#fail(new Error("A thread ended before its work was done.")));
    return thread;
  }

  #remotePort(remote: Remote): MessagePort {
    const { port1, port2 } = new MessageChannel();
    serveRemote(port1, remote);
    this.#ports.push(port1);
    return port2;
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#idle.shift();
      const task = thread && this.#waiting.shift();
      if (!task) return;
      this.#running.set(thread, task);
      thread.postMessage(task.job, "data" in task.job ? ([...(task.job.data ?? [])] as TransferListItem[]) : []);
    }
  }

  #answered(thread: Worker, answer: Answer): void {
    const task = this.#running.get(thread);
    this.#running.delete(thread);
    this.#idle.push(thread);
    if ("error" in answer) task?.reject(BandloomError.fromMessage(answer.error));
    else task?.resolve(answer.value);
    this.#next();
  }

  /** Without one of its threads the crew gives up: what it was doing cannot be done otherwise. */
  #fail(reason: unknown): void {
    this.#broken ??= reason;
    for (const task of [...this.#waiting.splice(0), ...this.#running.values()]) task.reject(reason);
    this.#running.clear();
  }
}

function threadError(error: unknown): unknown {
  const outOfMemory = (error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY";
  if (!outOfMemory) return error;
  return new BandloomError("LIMIT_EXCEEDED", "The description of the image needs more memory than a thread has.");
}
