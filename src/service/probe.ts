import { channelInputs } from "../kernel/index.ts";
import type { ProbeResult, Renderer } from "../render/index.ts";
import type { PictureKernels } from "./picture-kernels.ts";
import { readsOf } from "./render-batch.ts";
import type { ProbedPoint, ProbeRequest, Sample } from "./types/measure.ts";

/** Values of a formula and of the channels it reads under single pixels. */
export async function probe(
  renderer: Renderer,
  kernels: PictureKernels,
  { formula, points, level }: ProbeRequest,
  signal: AbortSignal | undefined,
): Promise<readonly ProbedPoint[]> {
  const { info } = formula.image;
  const kernel = await kernels.get(kernels.values(formula, level), signal);
  const colour = kernels.colour(formula, level);
  const inside = points.filter(({ x, y }) => x >= 0 && y >= 0 && x < info.width && y < info.height);
  const at = (value: number) => Math.floor(value / 2 ** level);
  const job = {
    ...{ ...readsOf(formula), kernel, level },
    colorKernel: colour && (await kernels.get(colour, signal)),
    points: inside.map(({ x, y }) => ({ x: at(x), y: at(y) })),
  };
  const results = inside.length > 0 ? await renderer.probe(job, signal) : [];
  const byPoint = new Map(inside.map((point, index) => [point, results[index]] as const));
  return points.map((point) => {
    const result = byPoint.get(point) ?? null;
    const input = (index: number): Sample => {
      const found = result?.inputs[index];
      if (!found) return { number: null, state: "OUTSIDE" };
      return found.nodata || !Number.isFinite(found.value)
        ? { number: null, state: "NODATA" }
        : { number: found.value, state: "FINITE" };
    };
    return {
      ...point,
      channels: channelInputs(kernel).map(({ channel }, index) => ({ channel, value: input(index) })),
      values: Array.from({ length: kernel.planes }, (_, index) => sampleAt(result, index)),
      color: colourOf(result),
    };
  });
}

function sampleAt(result: ProbeResult | null, index: number): Sample {
  if (!result) return { number: null, state: "OUTSIDE" };
  const value = result.values[index] ?? Number.NaN;
  return Number.isFinite(value) ? { number: value, state: "FINITE" } : { number: null, state: "NODATA" };
}

function colourOf(result: ProbeResult | null): string | null {
  if (!result?.rgba || result.rgba[3] === 0) return null;
  return `#${result.rgba
    .slice(0, 3)
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")}`;
}
