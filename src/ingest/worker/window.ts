import { levelSize } from "../../core/geometry.ts";
import { isNodata } from "../../kernel/plane-lanes.ts";
import { summarize } from "../../render/summary.ts";
import type { ImageSource } from "../../source/index.ts";
import type { Target, WindowJob, WindowResult } from "../protocol.ts";
import { withDecoded } from "./decode.ts";
import type { Memory } from "./memory.ts";

/** What a picture shows where nobody says otherwise: all but the half percent of samples at either end. */
const PERCENTILES = [0.5, 99.5] as const;

/** The display window of a channel, from all of one level at the first z and t, by the same rule as pictures without a window. */
export async function displayWindow(
  memory: Memory,
  source: ImageSource,
  { channel, level }: WindowJob,
  target: Target,
): Promise<WindowResult> {
  const { width, height } = levelSize(target, level);
  const nodata = target.nodata[channel] ?? null;
  const values = new Float32Array(width * height).fill(Number.NaN);
  let filled = 0;
  const { group, sample } = source.locate(channel);
  for (let y = 0; y * target.chunk < height; y++) {
    for (let x = 0; x * target.chunk < width; x++) {
      const ref = { level, group, z: 0, t: 0, x, y };
      withDecoded(memory, source, ref, await source.fetch(ref), (planes, layout) => {
        const count = layout.width * layout.height;
        for (const value of planes.subarray(sample * count, (sample + 1) * count)) {
          values[filled++] = isNodata(target.type, value, nodata) || !Number.isFinite(value) ? Number.NaN : value;
        }
      });
    }
  }
  const [low, high] = summarize(values, PERCENTILES, 1).percentiles;
  if (low == null || high == null) return [0, 1];
  return [low, high > low ? high : low + 1];
}
