import { LRUCache } from "lru-cache";
import { levelCount, type Region } from "../core/geometry.ts";
import { SingleFlight } from "../core/single-flight.ts";
import {
  type Answer,
  type CheckedFormula,
  type Expr,
  imagesOf,
  MEASURES,
  type MeasuredExpr,
  measuredArgument,
  widestAnswer,
} from "../formula/index.ts";
import { type ServedLevel, servedLevel, storedNeed } from "../plan/index.ts";
import type { Renderer } from "../render/index.ts";
import { KernelCompiler } from "./kernel-compiler.ts";
import { measuredWork } from "./measured-work.ts";
import { inputsOf } from "./picture-kernels.ts";
import { readsOf } from "./render-batch.ts";
import { Turns } from "./turns.ts";
import type { ServedImage } from "./types/image.ts";
import type { MeasuredWork } from "./types/measure.ts";
import { revisionsOf } from "./version.ts";

const MEGAPIXEL = 2 ** 20;
/** The finest stored level of at most so many pixels is looked at whole … */
const WHOLE_PIXELS = MEGAPIXEL;
/** … else so many pixels, in chunks spread over the coarsest stored level. */
const SAMPLED_PIXELS = 4 * MEGAPIXEL;
/** … and no more chunks than this: each is a read, however few pixels it holds … */
const MAX_SAMPLED_CHUNKS = 4_096;
/** … and no more reads or decoded bytes, where chunks are joined of strips, or hold many planes. */
const MAX_SAMPLED_READS = 65_536;
const MAX_SAMPLED_BYTES = 2 ** 30;
const MAX_ANSWERS = 10_000;

/** What the pixels decide of a formula: windows by percentiles, means. Computed once for each revision of the image. */
export class Measurements {
  readonly #renderer: Renderer;
  readonly #turns: Turns;
  readonly #compiler: KernelCompiler;
  readonly #known = new LRUCache<string, Answer>({ max: MAX_ANSWERS });
  readonly #flights = new SingleFlight<Answer>();

  constructor(renderer: Renderer, turns = new Turns()) {
    this.#renderer = renderer;
    this.#turns = turns;
    this.#compiler = new KernelCompiler(turns);
  }

  /** One answer for each of `checked.measured`, in order, of an image and of those of `images` that are laid over it. Rejects when the pixels cannot be read. */
  async resolve(
    image: ServedImage,
    images: readonly ServedImage[],
    checked: CheckedFormula,
    signal?: AbortSignal,
  ): Promise<readonly Answer[]> {
    const answers: Answer[] = [];
    for (const [index, measured] of checked.measured.entries()) {
      const argument = await this.#turns.run(() => measuredArgument(checked, index, answers), signal);
      answers.push(await this.#answer(image, images, measured, argument, signal));
    }
    return answers;
  }

  /** What `resolve` would begin to measure now. What stands on an answer that is not there yet is measured of something like it. */
  unknown(image: ServedImage, images: readonly ServedImage[], checked: CheckedFormula): readonly MeasuredWork[] {
    const work: MeasuredWork[] = [];
    const answers: Answer[] = [];
    for (const [index, measured] of checked.measured.entries()) {
      const argument = measuredArgument(checked, index, answers);
      const { key } = placeOf(image, images, measured, argument);
      const known = this.#known.get(key);
      answers.push(known ?? widestAnswer(measured));
      if (known || this.#flights.has(key)) continue;
      const { regions } = sampledRegions(image.info);
      const pixels = regions.reduce((sum, { width, height }) => sum + width * height, 0);
      work.push(measuredWork([argument], pixels));
    }
    return work;
  }

  async #answer(
    image: ServedImage,
    images: readonly ServedImage[],
    measured: MeasuredExpr,
    argument: Expr,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const { others, key } = placeOf(image, images, measured, argument);
    const known = this.#known.get(key);
    if (known) return known;
    const compute = async (shared: AbortSignal) => {
      const answer = await this.#compute(image, others, measured, argument, shared);
      this.#known.set(key, answer);
      return answer;
    };
    return this.#flights.run(key, compute, signal);
  }

  async #compute(
    image: ServedImage,
    others: readonly ServedImage[],
    { measure, parameters }: MeasuredExpr,
    argument: Expr,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { level, regions } = sampledRegions(image.info);
    const inputs = inputsOf(image, others, level);
    const kernel = await this.#compiler.compile({ output: "float32", expressions: [argument], ...inputs }, signal);
    const row = MEASURES[measure];
    const job = {
      ...readsOf({ image, others }),
      kernel,
      level,
      regions,
      bins: 1,
      // What is made of the formula is let in by itself; of an operation's formulas none is to be refused for the sake of the others.
      admitted: true,
      percentiles: row.percentiles(parameters),
    };
    return row.answer(await this.#renderer.statistics(job, signal), parameters);
  }
}

/** The other images that an argument reads, and what its answer is kept under. */
function placeOf(
  image: ServedImage,
  images: readonly ServedImage[],
  { measure, parameters }: MeasuredExpr,
  argument: Expr,
): { readonly others: readonly ServedImage[]; readonly key: string } {
  const others = imagesOf([argument]).flatMap((key) => images.find((one) => one.key === key) ?? []);
  return { others, key: JSON.stringify([revisionsOf(image, others), measure, parameters, argument.text]) };
}

/** Where pixels are looked at: the same pixels on every machine. */
export function sampledRegions(info: ServedImage["info"]): {
  readonly level: number;
  readonly regions: readonly Region[];
} {
  const stored = storedLevels(info);
  const whole = stored.find((level) => isLookedAtWhole(info, level));
  if (whole) return { level: whole.level, regions: [{ x: 0, y: 0, ...whole.size }] };
  const coarsest = stored.at(-1) ?? servedLevel(info, 0);
  const { size, grid } = coarsest;
  const columns = Math.ceil(size.width / grid.chunkWidth);
  const total = columns * Math.ceil(size.height / grid.chunkHeight);
  const one = storedNeed(info, coarsest, { x: 0, y: 0, width: 1, height: 1 });
  const wanted = Math.min(
    SAMPLED_PIXELS / (grid.chunkWidth * grid.chunkHeight),
    MAX_SAMPLED_CHUNKS,
    MAX_SAMPLED_READS / one.reads,
    MAX_SAMPLED_BYTES / one.bytes,
  );
  const count = Math.min(total, Math.max(1, Math.floor(wanted)));
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

function isLookedAtWhole(info: ServedImage["info"], level: ServedLevel): boolean {
  const { width, height } = level.size;
  if (width * height > WHOLE_PIXELS) return false;
  const { chunks, reads, bytes } = storedNeed(info, level, { x: 0, y: 0, width, height });
  return chunks <= MAX_SAMPLED_CHUNKS && reads <= MAX_SAMPLED_READS && bytes <= MAX_SAMPLED_BYTES;
}

/** Served levels that lie in the file, finest first. */
function storedLevels(info: ServedImage["info"]) {
  const levels = Array.from({ length: levelCount(info) }, (_, level) => servedLevel(info, level));
  return levels.filter(({ kind }) => kind === "stored");
}
