import { planeBytes } from "../../core/dtype.ts";
import { BandloomError } from "../../core/errors.ts";
import { assertGranted, chunksNeed, storedInput } from "../../plan/index.ts";
import type { ChunkRef, ImageInfo, SourceChunk } from "../../source/types.ts";
import type { TaskOf } from "../protocol.ts";
import type { RawChunk } from "../types.ts";
import type { OpenImage } from "./images.ts";
import type { JobContext } from "./job-context.ts";
import { loadStored } from "./stored-chunks.ts";

/** The samples of one channel in one stored chunk, as they are stored, little-endian. */
export function readChunk(job: JobContext, task: TaskOf<"chunk">): Promise<RawChunk> {
  const { source, channel, level, z, t, x, y } = task;
  return job.bench.images.use(source, async (image) => {
    assertChunk(image.info, level, x, y);
    storedInput(image.info, channel, z, t);
    assertGranted(chunksNeed(image.info.levels[level], 1));
    const { group, sample } = image.source.locate(channel);
    const place = { source: image.source, ref: { level, group, z, t, x, y } };
    const stored = beneath(place);
    const found =
      stored === place
        ? await samplesOf(job, image, channel, place.ref)
        : await samplesBeneath(job, image, stored, sample);
    const isHalf = image.info.channels[channel]?.dataType === "float16" && found.type === "float32";
    return isHalf ? { ...found, bytes: halves(found.bytes), type: "float16" } : found;
  });
}

/** Where a chunk is as it is stored, whatever is applied to it. */
function beneath(place: SourceChunk): SourceChunk {
  const below = place.source.beneath?.(place.ref);
  return below ? beneath(below) : place;
}

async function samplesOf(job: JobContext, image: OpenImage, channel: number, ref: ChunkRef): Promise<RawChunk> {
  const { level, x, y, z, t } = ref;
  const { chunk, address } = await loadStored(job, image, level, x, y, { channel, z, t });
  const { width, height, type } = chunk;
  const bytes = new Uint8Array(job.bench.arena.memory.buffer, address, width * height * planeBytes(type)).slice();
  job.bench.chunks.unpin(chunk);
  return { bytes, width, height, type };
}

/** Decoded for this answer alone: what is kept decoded has its mask applied. */
async function samplesBeneath(
  { bench: { arena, pixels }, signal }: JobContext,
  image: OpenImage,
  { source, ref }: SourceChunk,
  sample: number,
): Promise<RawChunk> {
  image.noteRead();
  const compressed = await source.fetch(ref, signal);
  const { width, height, samples, type } = source.layout(ref);
  const plane = width * height * planeBytes(type);
  using scope = arena.scope();
  const ptr = scope.allocate(samples * plane);
  const scratch = scope.allocate(source.scratchBytes(ref, compressed?.byteLength ?? 0));
  source.decode(compressed, ref, { pixels, ptr, scratch });
  return { bytes: new Uint8Array(arena.memory.buffer, ptr + sample * plane, plane).slice(), width, height, type };
}

/** Samples that were halves before they were widened to float32: the bits that they had, those of NaN included. */
function halves(bytes: Uint8Array): Uint8Array {
  const from = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const to = new DataView(new ArrayBuffer(bytes.byteLength / 2));
  for (let at = 0; at < bytes.byteLength; at += 4) to.setUint16(at / 2, halfBits(from.getUint32(at, true)), true);
  return new Uint8Array(to.buffer);
}

/** IEEE 754: binary32 that holds a binary16. */
function halfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127;
  const fraction = bits & 0x7fffff;
  if (exponent === 128) return sign | 0x7c00 | (fraction >>> 13);
  if (exponent >= -14) return sign | ((exponent + 15) << 10) | (fraction >>> 13);
  // Below 2⁻¹⁴ a half counts in steps of 2⁻²⁴.
  return exponent < -24 ? sign : sign | ((fraction | 0x800000) >>> (-1 - exponent));
}

function assertChunk(info: ImageInfo, level: number, x: number, y: number): void {
  const stored = info.levels[level];
  const columns = stored ? Math.ceil(stored.width / stored.chunkWidth) : 0;
  const rows = stored ? Math.ceil(stored.height / stored.chunkHeight) : 0;
  const inside = Number.isInteger(x) && Number.isInteger(y) && x >= 0 && y >= 0 && x < columns && y < rows;
  if (!inside)
    throw new BandloomError("NOT_FOUND", `The image stores no chunk (${x}, ${y}) at its stored level ${level}.`);
}
