import { parentPort, workerData } from "node:worker_threads";
import { openSource } from "../../source/open.ts";
import { connectRemote } from "../../source/remote/index.ts";
import { END } from "../end-thread.ts";
import {
  type Cancellation,
  READY,
  type Reply,
  type Request,
  type Task,
  type TaskOf,
  type TaskResults,
  type WorkerSettings,
} from "../protocol.ts";
import { JobContext } from "./job-context.ts";
import { renderPictures } from "./pictures.ts";
import { probePoints } from "./probe.ts";
import { readChunk } from "./raw-chunk.ts";
import { computeStatistics, sketchRegions } from "./statistics.ts";
import { createWorkbench } from "./workbench.ts";

/** The worker thread: one request in, one reply out, bytes handed over without a copy. */

if (!parentPort) throw new Error("This file runs as a worker thread.");
const port = parentPort;
const settings = workerData as WorkerSettings;
const context = { remote: settings.remote && connectRemote(settings.remote) };
const bench = createWorkbench(settings, (location) => openSource(location, context));
/** Jobs that may wait for a network, by id. */
const waiting = new Map<number, AbortController>();

const handlers: {
  readonly [Kind in Task["kind"]]: (job: JobContext, task: TaskOf<Kind>) => Promise<TaskResults[Kind]>;
} = {
  describe: (_, task) => bench.images.describe(task.source),
  pictures: renderPictures,
  statistics: computeStatistics,
  sketch: sketchRegions,
  probe: probePoints,
  chunk: readChunk,
};

port.on("message", (message: Request | Cancellation | typeof END) => {
  if (message === END) process.exit();
  if ("cancel" in message) waiting.get(message.cancel)?.abort();
  else void answer(message);
});
port.postMessage(READY);

async function answer({ id, slot, task }: Request): Promise<void> {
  const others = "others" in task ? (task.others ?? []) : [];
  const abort = [task.source, ...others].some(({ remote }) => remote) ? new AbortController() : null;
  if (abort) waiting.set(id, abort);
  const job = new JobContext(
    bench,
    () => Atomics.load(settings.cancelled, slot) !== 0,
    abort?.signal,
    settings.deadlineMs,
  );
  let outcome: Reply["outcome"];
  try {
    outcome = { value: await run(job, task) };
  } catch (error) {
    outcome = job.failure(error);
  }
  waiting.delete(id);
  const reply: Reply = { id, outcome, workMs: job.workMs, fatal: job.metBug, counters: { ...bench.counters } };
  for (const name of ["chunksDecoded", "chunkHits", "kernelsCompiled"] as const) bench.counters[name] = 0;
  port.postMessage(reply, transferables(outcome));
}

function run<Kind extends Task["kind"]>(job: JobContext, task: TaskOf<Kind>): Promise<TaskResults[Kind]> {
  const handler = handlers[task.kind] as (job: JobContext, task: TaskOf<Kind>) => Promise<TaskResults[Kind]>;
  return handler(job, task);
}

/** Encoded pictures and raw chunks are arrays of their own; handing them over costs nothing. */
function transferables(outcome: Reply["outcome"]): ArrayBuffer[] {
  if (!("value" in outcome)) return [];
  const values = Array.isArray(outcome.value) ? outcome.value : [outcome.value];
  return values.flatMap((value: { bytes?: unknown }) =>
    value.bytes instanceof Uint8Array && value.bytes.buffer instanceof ArrayBuffer ? [value.bytes.buffer] : [],
  );
}
