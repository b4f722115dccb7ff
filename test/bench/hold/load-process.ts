import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Kind } from "./requests.ts";

/** What a load asks for, and how fast. */
export interface Load {
  readonly port: number;
  readonly kind: Kind;
  /** Number of its first request; it takes those that follow. */
  readonly from: number;
  /** Of its clients, in turn. */
  readonly addresses: readonly string[];
  readonly seconds: number;
  /** Closed loop: so many in flight. Open loop: by the clock, however late answers come. */
  readonly flow:
    | { readonly kind: "held"; readonly inFlight: number }
    | { readonly kind: "rate"; readonly perSecond: number; readonly connections: "kept" | "fresh" };
}

export interface LoadResult {
  readonly asked: number;
  /** Milliseconds of each; those of an open loop count from when they were due. */
  readonly accepted: readonly number[];
  /** 503 and 429. */
  readonly refused: readonly number[];
  /** How much later than due requests were sent: the generator's own fault. */
  readonly late: readonly number[];
  /** Any other status, and connections that ended, by name: how many. */
  readonly failures: readonly (readonly [name: string, count: number])[];
}

export type LoadReport =
  | { readonly kind: "begun" }
  | { readonly kind: "sent" }
  | { readonly kind: "result"; readonly result: LoadResult };

const PROGRAM = fileURLToPath(new URL("./load.ts", import.meta.url));

/** A generator in its own process, so that what it does delays no one who measures. */
export class LoadProcess {
  readonly #child: ChildProcess;
  /** All was sent; answers may be missing. */
  readonly sent: Promise<void>;
  /** All was answered. */
  readonly result: Promise<LoadResult>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.sent = new Promise((resolve) => {
      child.on("message", (report: LoadReport) => {
        if (report.kind !== "begun") resolve();
      });
    });
    this.result = new Promise((resolve, reject) => {
      child.on("message", (report: LoadReport) => {
        if (report.kind === "result") resolve(report.result);
      });
      child.once("exit", (code) => reject(new Error(`A load generator ended with ${code}.`)));
    });
    // Who stops it early does not wait for it.
    this.result.catch(() => {});
  }

  /** Resolves when it asks. */
  static async start(load: Load): Promise<LoadProcess> {
    const child = fork(PROGRAM, [JSON.stringify(load)], { serialization: "advanced" });
    const begun = once(child, "message");
    const process = new LoadProcess(child);
    await Promise.race([begun, process.result]);
    return process;
  }

  /** What was answered so far; then all of its connections end at once. */
  async stop(): Promise<LoadResult> {
    this.#child.send("stop");
    const result = await this.result;
    this.end();
    return result;
  }

  end(): void {
    this.#child.kill("SIGKILL");
  }
}

/** To its end. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const process = await LoadProcess.start(load);
  const result = await process.result;
  process.end();
  return result;
}
