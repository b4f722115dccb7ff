import { parentPort, workerData } from "node:worker_threads";
import { BandloomError } from "../../core/errors.ts";
import { END } from "../../render/end-thread.ts";
import { CONVERTED_CHUNK_MIB } from "../../source/chunk-limit.ts";
import { type ImageSource, type Location, locationKey, openSource } from "../../source/index.ts";
import { connectRemote } from "../../source/remote/index.ts";
import type { Answer, Job, Result, ThreadSettings, UnitResult } from "../protocol.ts";
import { checkChunks } from "./check.ts";
import { createMemory } from "./memory.ts";
import { readRegion } from "./read.ts";
import { UnitMaker } from "./unit.ts";
import { displayWindow } from "./window.ts";

/** A thread that converts: one job at a time, answered in order. Sources stay open from one to the next. */
const { sources, target, remote: port } = workerData as ThreadSettings;
const remote = port && connectRemote(port);
const memory = createMemory();
const opened = new Map<string, Promise<ImageSource>>();

const maker = new UnitMaker(target, async ({ origin, region }, planes) => {
  const location = origin && sources[origin.source];
  if (!location) throw new RangeError("A unit has no source.");
  await readRegion(memory, await open(location), origin, region, planes);
});

function open(location: Location): Promise<ImageSource> {
  const key = locationKey(location);
  const source = opened.get(key) ?? openSource(location, { remote, mostChunkMiB: CONVERTED_CHUNK_MIB });
  opened.set(key, source);
  return source;
}

async function answer(job: Job): Promise<Answer> {
  try {
    return { value: await resultOf(job) };
  } catch (error) {
    if (error instanceof BandloomError) return { error: error.toMessage() };
    throw error;
  }
}

async function resultOf(job: Job): Promise<Result> {
  if (job.kind === "unit") return maker.make(job);
  const source = await open(job.location);
  return job.kind === "check" ? checkChunks(memory, source, job) : displayWindow(memory, source, job, target);
}

function buffersOf({ bytes, rest }: UnitResult): ArrayBuffer[] {
  return [bytes.buffer, ...(rest?.data ?? [])];
}

parentPort?.on("message", async (job: Job | typeof END) => {
  if (job === END) process.exit();
  const reply = await answer(job);
  const buffers = "value" in reply && "bytes" in reply.value ? buffersOf(reply.value) : [];
  parentPort?.postMessage(reply, buffers);
});
