import { levelSize } from "../../core/geometry.ts";
import { SHOWN_PERCENTILES, shownRange, shownTogether, spreadPlanes } from "../../formula/index.ts";
import { isNodata } from "../../kernel/plane-lanes.ts";
import { summarize } from "../../render/summary.ts";
import type { ImageSource } from "../../source/index.ts";
import type { Target, WindowJob, WindowResult } from "../protocol.ts";
import { withDecoded } from "./decode.ts";
import type { Memory } from "./memory.ts";

/** The display window of a channel, from all of one level on planes all over a stack, by the same rule as pictures without a window. */
export async function displayWindow(
  memory: Memory,
  source: ImageSource,
  job: WindowJob,
  target: Target,
): Promise<WindowResult> {
  const { depth, times } = source.info;
  const ranges: ReturnType<typeof shownRange>[] = [];
  for (const { z, t } of spreadPlanes(depth > 1 ? depth : null, times > 1 ? times : null)) {
    const values = await planeValues(memory, source, { ...job, z: z ?? 0, t: t ?? 0 }, target);
    ranges.push(shownRange(summarize(values, SHOWN_PERCENTILES, 1)));
  }
  const [low, high] = shownTogether(ranges) ?? [0, 1];
  return [low, high > low ? high : low + 1];
}

/** Of a channel; NaN where it has no data. */
async function planeValues(
  memory: Memory,
  source: ImageSource,
  { channel, level, z, t }: WindowJob & { readonly z: number; readonly t: number },
  target: Target,
): Promise<Float32Array> {
  const { width, height } = levelSize(target, level);
  const nodata = target.nodata[channel] ?? null;
  const values = new Float32Array(width * height).fill(Number.NaN);
  let filled = 0;
  const { group, sample } = source.locate(channel);
  for (let y = 0; y * target.chunk < height; y++) {
    for (let x = 0; x * target.chunk < width; x++) {
      const ref = { level, group, z, t, x, y };
      withDecoded(memory, source, ref, await source.fetch(ref), (planes, layout) => {
        const count = layout.width * layout.height;
        for (const value of planes.subarray(sample * count, (sample + 1) * count)) {
          values[filled++] = isNodata(target.type, value, nodata) || !Number.isFinite(value) ? Number.NaN : value;
        }
      });
    }
  }
  return values;
}
