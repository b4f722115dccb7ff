import { parentPort, workerData } from "node:worker_threads";
import { openSource } from "../../source/open.ts";
import type { ImageInfo } from "../../source/types.ts";
import {
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
import { computeStatistics } from "./statistics.ts";
import { createWorkbench } from "./workbench.ts";

/** The worker thread: one request in, one reply out, bytes handed over without a copy. */

if (!parentPort) throw new Error("This file runs as a worker thread.");
const port = parentPort;
const settings = workerData as WorkerSettings;
const bench = createWorkbench(settings, openSource);

const handlers: {
  readonly [Kind in Task["kind"]]: (job: JobContext, task: TaskOf<Kind>) => Promise<TaskResults[Kind]>;
} = {
  describe: (_, task) => describeSource(task),
  pictures: renderPictures,
  statistics: computeStatistics,
  probe: probePoints,
  chunk: readChunk,
};

port.on("message", (request: Request) => void answer(request));
port.postMessage(READY);

async function answer({ id, slot, task }: Request): Promise<void> {
  const job = new JobContext(bench, () => Atomics.load(settings.cancelled, slot) !== 0);
  let outcome: Reply["outcome"];
  try {
    outcome = { value: await run(job, task) };
  } catch (error) {
    outcome = job.failure(error);
  }
  const reply: Reply = { id, outcome, fatal: job.metBug, counters: { ...bench.counters } };
  for (const name of ["chunksDecoded", "chunkHits", "kernelsCompiled"] as const) bench.counters[name] = 0;
  port.postMessage(reply, transferables(outcome));
}

function run<Kind extends Task["kind"]>(job: JobContext, task: TaskOf<Kind>): Promise<TaskResults[Kind]> {
  const handler = handlers[task.kind] as (job: JobContext, task: TaskOf<Kind>) => Promise<TaskResults[Kind]>;
  return handler(job, task);
}

/** Opened only to be described: whoever renders it opens it for a revision. */
async function describeSource({ source: { path } }: TaskOf<"describe">): Promise<ImageInfo> {
  const source = await openSource(path);
  try {
    return source.info;
  } finally {
    await source.close();
  }
}

/** Encoded pictures and raw chunks are arrays of their own; handing them over costs nothing. */
function transferables(outcome: Reply["outcome"]): ArrayBuffer[] {
  if (!("value" in outcome)) return [];
  const values = Array.isArray(outcome.value) ? outcome.value : [outcome.value];
  return values.flatMap((value: { bytes?: unknown }) =>
    value.bytes instanceof Uint8Array && value.bytes.buffer instanceof ArrayBuffer ? [value.bytes.buffer] : [],
  );
}
