import { planeBytes } from "../../core/dtype.ts";
import type { ImageSource } from "../../source/index.ts";
import type { CheckJob, CheckResult } from "../protocol.ts";
import { storedChunk } from "../stored-chunk.ts";
import { checksumOf } from "./chunk-encoder.ts";
import { withDecoded } from "./decode.ts";
import type { Memory } from "./memory.ts";

/** Reads chunks of the file that was written, as they are stored, and gives the checksums of what they hold. */
export async function checkChunks(memory: Memory, source: ImageSource, job: CheckJob): Promise<CheckResult> {
  const checksums: number[] = [];
  for (const { plane, level, x, y } of job.chunks) {
    const [channel, stack] = [plane % job.channels, Math.floor(plane / job.channels)];
    const [z, t] = [stack % job.depth, Math.floor(stack / job.depth)];
    const { group, sample } = source.locate(channel);
    const ref = { level, group, z, t, x, y };
    const chunk = storedChunk(source, ref);
    const fetched = await chunk.source.fetch(chunk.ref);
    withDecoded(memory, chunk.source, chunk.ref, fetched, (planes, { width, height, type }) => {
      const rowBytes = width * planeBytes(type);
      const bytes = new Uint8Array(planes.buffer, planes.byteOffset + sample * height * rowBytes, height * rowBytes);
      checksums.push(checksumOf(bytes, rowBytes, rowBytes, height));
    });
  }
  return checksums;
}
