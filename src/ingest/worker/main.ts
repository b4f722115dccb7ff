import { parentPort, workerData } from "node:worker_threads";
import { BandloomError } from "../../core/errors.ts";
import { type ImageSource, type Location, locationKey, openSource } from "../../source/index.ts";
import { connectRemote } from "../../source/remote/index.ts";
import type { Answer, Job, ThreadSettings, UnitResult } from "../protocol.ts";
import { checkChunks } from "./check.ts";
import { createMemory } from "./memory.ts";
import { readRegion } from "./read.ts";
import { UnitMaker } from "./unit.ts";

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
  const source = opened.get(key) ?? openSource(location, { remote });
  opened.set(key, source);
  return source;
}

async function answer(job: Job): Promise<Answer> {
  try {
    const value =
      job.kind === "unit" ? await maker.make(job) : await checkChunks(memory, await open(job.location), job);
    return { value };
  } catch (error) {
    if (error instanceof BandloomError) return { error: error.toMessage() };
    throw error;
  }
}

function buffersOf({ bytes, rest }: UnitResult): ArrayBuffer[] {
  return [bytes.buffer, ...(rest?.data ?? [])];
}

parentPort?.on("message", async (job: Job) => {
  const reply = await answer(job);
  const buffers = "value" in reply && "bytes" in reply.value ? buffersOf(reply.value) : [];
  parentPort?.postMessage(reply, buffers);
});
