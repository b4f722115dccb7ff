import { levelCount, type Region } from "../../core/geometry.ts";
import { type AxisReads, axisReads, bilinear, type Placement, placedLevel } from "../../formula/index.ts";
import type { PlacedStage } from "../../kernel/index.ts";
import { assertGranted, type ServedLevel, servedLevel, storedNeed } from "../../plan/index.ts";
import type { Scope } from "./arena.ts";
import { gatherInputs, runInParts } from "./evaluate.ts";
import type { OpenImage } from "./images.ts";
import type { JobContext } from "./job-context.ts";

const FLOAT_BYTES = 4;

/** What is read of an image that is laid over a region of the one below. */
interface PlacedRead {
  readonly image: OpenImage;
  readonly served: ServedLevel;
  /** Pixels of its level; null: it lies elsewhere. */
  readonly region: Region | null;
  readonly columns: AxisReads;
  readonly rows: AxisReads;
}

/** The plane of another image's channel over a region: an address that is good until `scope` ends. */
export async function placedPlane(
  job: JobContext,
  { kernel, placement }: PlacedStage,
  below: ServedLevel,
  { width, height, ...corner }: Region,
  scope: Scope,
): Promise<number> {
  const { arena } = job.bench;
  const pixels = width * height;
  const address = scope.allocate(pixels * FLOAT_BYTES);
  const { image, served, region, columns, rows } = placedRead(job, placement, below, { width, height, ...corner });
  if (region === null) {
    new Float32Array(arena.memory.buffer, address, pixels).fill(Number.NaN);
    return address;
  }
  job.checkCancelled();
  assertGranted(storedNeed(image.info, served, region));
  using reading = arena.scope();
  const inputs = await gatherInputs(job, image, kernel, served, region, reading);
  const read = region.width * region.height;
  const plane = reading.allocate(read * FLOAT_BYTES);
  await runInParts(job, kernel, inputs, [plane], read);
  const from = new Float32Array(arena.memory.buffer, plane, read);
  resample(from, region, columns, rows, new Float32Array(arena.memory.buffer, address, pixels));
  return address;
}

/** Which pixels of the other image a region needs: at the coarsest of its levels that is fine enough. */
export function placedRead(
  { others }: JobContext,
  { image: key, dx, dy, scale, nearest }: Placement,
  { level }: ServedLevel,
  region: Region,
): PlacedRead {
  const image = others.get(key);
  if (!image) throw new TypeError("A job lays an image over another without naming it.");
  const { info } = image;
  const served = servedLevel(info, placedLevel(levelCount(info), level, scale));
  const along = { scale, nearest, level, readLevel: served.level };
  const { x, y, width, height } = region;
  const columns = axisReads({
    ...{ ...along, shift: dx, from: x, count: width },
    ...{ pixels: served.size.width, length: info.width },
  });
  const rows = axisReads({
    ...{ ...along, shift: dy, from: y, count: height },
    ...{ pixels: served.size.height, length: info.height },
  });
  const [across, down] = [extent(columns), extent(rows)];
  const bounds = across && down && { x: across.from, y: down.from, width: across.count, height: down.count };
  return { image, served, region: bounds, columns, rows };
}

/** Pixels that are read along an axis, the second ones included; null: none. */
function extent({ first, weight }: AxisReads): { readonly from: number; readonly count: number } | null {
  let [from, end] = [Number.POSITIVE_INFINITY, -1];
  for (const [index, at] of first.entries()) {
    if (at < 0) continue;
    from = Math.min(from, at);
    end = Math.max(end, at + (weight[index] === 0 ? 1 : 2));
  }
  return end < 0 ? null : { from, count: end - from };
}

function resample(from: Float32Array, region: Region, columns: AxisReads, rows: AxisReads, out: Float32Array): void {
  const { first, weight } = columns;
  const width = first.length;
  // A loop over plain arrays: nothing is made for a pixel.
  const second = first.map((at, index) => (weight[index] === 0 ? at : at + 1));
  for (let y = 0; y < rows.first.length; y++) {
    const row = rows.first[y] as number;
    const to = y * width;
    if (row < 0) {
      out.fill(Number.NaN, to, to + width);
      continue;
    }
    const below = rows.weight[y] as number;
    const upper = (row - region.y) * region.width - region.x;
    const lower = below === 0 ? upper : upper + region.width;
    for (let x = 0; x < width; x++) {
      const left = first[x] as number;
      if (left < 0) {
        out[to + x] = Number.NaN;
        continue;
      }
      const next = second[x] as number;
      out[to + x] = bilinear(
        from[upper + left] as number,
        from[upper + next] as number,
        from[lower + left] as number,
        from[lower + next] as number,
        weight[x] as number,
        below,
      );
    }
  }
}
