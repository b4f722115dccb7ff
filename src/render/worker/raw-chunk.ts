import { planeBytes } from "../../core/dtype.ts";
import { BandloomError } from "../../core/errors.ts";
import { assertGranted, chunksNeed, storedInput } from "../../plan/index.ts";
import type { ImageInfo } from "../../source/types.ts";
import type { TaskOf } from "../protocol.ts";
import type { RawChunk } from "../types.ts";
import type { JobContext } from "./job-context.ts";
import { loadStored } from "./stored-chunks.ts";

/** The samples of one channel in one stored chunk, as they are, little-endian. */
export function readChunk(job: JobContext, task: TaskOf<"chunk">): Promise<RawChunk> {
  const { source, channel, level, z, t, x, y } = task;
  return job.bench.images.use(source, async (image) => {
    assertChunk(image.info, level, x, y);
    storedInput(image.info, channel, z, t);
    assertGranted(chunksNeed(image.info.levels[level], 1));
    const { chunk, address } = await loadStored(job, image, level, x, y, { channel, z, t });
    const { width, height, type } = chunk;
    const bytes = new Uint8Array(job.bench.arena.memory.buffer, address, width * height * planeBytes(type)).slice();
    job.bench.chunks.unpin(chunk);
    return { bytes, width, height, type };
  });
}

function assertChunk(info: ImageInfo, level: number, x: number, y: number): void {
  const stored = info.levels[level];
  const columns = stored ? Math.ceil(stored.width / stored.chunkWidth) : 0;
  const rows = stored ? Math.ceil(stored.height / stored.chunkHeight) : 0;
  const inside = Number.isInteger(x) && Number.isInteger(y) && x >= 0 && y >= 0 && x < columns && y < rows;
  if (!inside)
    throw new BandloomError("NOT_FOUND", `The image stores no chunk (${x}, ${y}) at its stored level ${level}.`);
}
