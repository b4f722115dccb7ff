import { LRUCache } from "lru-cache";
import { levelCount, type Region } from "../core/geometry.ts";
import { SingleFlight } from "../core/single-flight.ts";
import { type CheckedFormula, type Expr, type WindowRange, windowArgument } from "../formula/index.ts";
import { compileKernel } from "../kernel/index.ts";
import { planeInput, servedLevel } from "../plan/index.ts";
import type { Renderer } from "../render/index.ts";
import type { ServedImage } from "./types.ts";

const MEGAPIXEL = 2 ** 20;
/** The finest stored level of at most so many pixels is looked at whole … */
const WHOLE_PIXELS = MEGAPIXEL;
/** … else so many pixels, in chunks spread over the coarsest stored level (semantics.md 3d). */
const SAMPLED_PIXELS = 4 * MEGAPIXEL;
const MAX_WINDOWS = 10_000;

/** Windows that the pixels decide: percentiles of a number over its image, computed once for each revision. */
export class PercentileWindows {
  readonly #renderer: Renderer;
  readonly #known = new LRUCache<string, WindowRange>({ max: MAX_WINDOWS });
  readonly #flights = new SingleFlight<WindowRange>();

  constructor(renderer: Renderer) {
    this.#renderer = renderer;
  }

  /** One range for each of `checked.autoWindows`, in order. Rejects when the pixels cannot be read. */
  async resolve(image: ServedImage, checked: CheckedFormula, signal?: AbortSignal): Promise<readonly WindowRange[]> {
    const ranges: WindowRange[] = [];
    for (const [index, { percentiles }] of checked.autoWindows.entries()) {
      const argument = windowArgument(checked, index, ranges);
      ranges.push(await this.#window(image, argument, percentiles, signal));
    }
    return ranges;
  }

  async #window(
    image: ServedImage,
    argument: Expr,
    percentiles: readonly [low: number, high: number],
    signal: AbortSignal | undefined,
  ): Promise<WindowRange> {
    const key = JSON.stringify([image.key, image.revision, percentiles, argument.text]);
    const known = this.#known.get(key);
    if (known) return known;
    const compute = async (shared: AbortSignal) => {
      const range = await this.#compute(image, argument, percentiles, shared);
      this.#known.set(key, range);
      return range;
    };
    return this.#flights.run(key, compute, signal);
  }

  async #compute(
    { source, info }: ServedImage,
    argument: Expr,
    percentiles: readonly [low: number, high: number],
    signal: AbortSignal,
  ): Promise<WindowRange> {
    const { level, regions } = sampledRegions(info);
    const served = servedLevel(info, level);
    const kernel = compileKernel({
      output: "float32",
      expressions: [argument],
      inputOf: (channel, z, t) => planeInput(info, served, channel, z, t),
    });
    const job = { source, info, kernel, level, regions, bins: 1, percentiles };
    const [low, high] = (await this.#renderer.statistics(job, signal)).percentiles;
    // No valid pixel at all: any window shows the same.
    return low == null || high == null ? { low: 0, high: 1 } : { low, high };
  }
}

/** Where percentiles are looked for: the same pixels on every machine. */
export function sampledRegions(info: ServedImage["info"]): {
  readonly level: number;
  readonly regions: readonly Region[];
} {
  const stored = storedLevels(info);
  const whole = stored.find(({ size }) => size.width * size.height <= WHOLE_PIXELS);
  if (whole) return { level: whole.level, regions: [{ x: 0, y: 0, ...whole.size }] };
  const coarsest = stored.at(-1) ?? servedLevel(info, 0);
  const { size, grid } = coarsest;
  const columns = Math.ceil(size.width / grid.chunkWidth);
  const total = columns * Math.ceil(size.height / grid.chunkHeight);
  const wanted = Math.floor(SAMPLED_PIXELS / (grid.chunkWidth * grid.chunkHeight));
  const count = Math.min(total, Math.max(1, wanted));
  const regions = Array.from({ length: count }, (_, index): Region => {
    // The middle of each of `count` equal parts.
    const chunk = Math.floor(((index + 0.5) * total) / count);
    const x = (chunk % columns) * grid.chunkWidth;
    const y = Math.floor(chunk / columns) * grid.chunkHeight;
    // One chunk alone may be larger than what is looked at: its upper rows are.
    const width = Math.min(grid.chunkWidth, size.width - x);
    const height = Math.min(grid.chunkHeight, size.height - y, Math.max(1, Math.floor(SAMPLED_PIXELS / width)));
    return { x, y, width, height };
  });
  return { level: coarsest.level, regions };
}

/** Served levels that lie in the file, finest first. */
function storedLevels(info: ServedImage["info"]) {
  const levels = Array.from({ length: levelCount(info) }, (_, level) => servedLevel(info, level));
  return levels.filter(({ kind }) => kind === "stored");
}
