import { LRUCache } from "lru-cache";
import { BandloomError } from "../core/errors.ts";
import { SingleFlight } from "../core/single-flight.ts";
import {
  type Answer,
  type CheckedFormula,
  type Expr,
  imagesOf,
  MEASURES,
  type MeasuredExpr,
  measuredArguments,
  widestAnswer,
} from "../formula/index.ts";
import type { Renderer, StatisticsResult } from "../render/index.ts";
import { KernelCompiler } from "./kernel-compiler.ts";
import { measuredWork } from "./measured-work.ts";
import { inputsOf } from "./picture-kernels.ts";
import { readsOf } from "./render-batch.ts";
import { otherPixels, type SampledPixels, sampledPixels } from "./sampled-pixels.ts";
import { Turns } from "./turns.ts";
import type { ServedImage } from "./types/image.ts";
import type { MeasuredWork } from "./types/measure.ts";
import { revisionsOf } from "./version.ts";

const MAX_ANSWERS = 10_000;
/** In the place of a window that nobody looks through. */
const ANY_WINDOW: Answer = [0, 1];

/** What was measured, and of how much. */
interface Known {
  readonly answer: Answer;
  /** Some of the pixels that were to be looked at cannot be decoded. */
  readonly isPartial: boolean;
}

/** What the pixels decide of a formula, in the order of its measures. */
export interface Resolved {
  readonly answers: readonly Answer[];
  /** One of them is of a part of the pixels, as others cannot be decoded. */
  readonly isPartial: boolean;
}

/** One measure of a formula: of what, on which planes. */
interface Question extends Pick<MeasuredExpr, "measure" | "parameters"> {
  readonly image: ServedImage;
  /** Images that are laid over it and read. */
  readonly others: readonly ServedImage[];
  /** The number, on each plane that is looked at. */
  readonly planes: readonly Expr[];
  readonly key: string;
}

/** What the pixels decide of a formula: windows by percentiles, means. Computed once for each revision of the image. */
export class Measurements {
  readonly #renderer: Renderer;
  readonly #turns: Turns;
  readonly #compiler: KernelCompiler;
  readonly #known = new LRUCache<string, Known>({ max: MAX_ANSWERS });
  readonly #flights = new SingleFlight<Known>();

  constructor(renderer: Renderer, turns = new Turns()) {
    this.#renderer = renderer;
    this.#turns = turns;
    this.#compiler = new KernelCompiler(turns);
  }

  /**
   * One answer for each of `checked.measured`, in order, of an image and of those of `images` that are laid over it. What cannot be decoded is left
   * out. Rejects when no pixel can be read. `needed`: indices of those that are asked for, where not all are.
   */
  async resolve(
    image: ServedImage,
    images: readonly ServedImage[],
    checked: CheckedFormula,
    signal?: AbortSignal,
    needed: ReadonlySet<number> | null = null,
  ): Promise<Resolved> {
    const known: Known[] = [];
    for (const [index, measured] of checked.measured.entries()) {
      if (needed?.has(index) === false) {
        known.push({ answer: ANY_WINDOW, isPartial: false });
        continue;
      }
      const answers = known.map(({ answer }) => answer);
      const planes = await this.#turns.run(() => measuredArguments(checked, index, answers), signal);
      known.push(await this.#answer(questionOf(image, images, measured, planes), signal));
    }
    return { answers: known.map(({ answer }) => answer), isPartial: known.some(({ isPartial }) => isPartial) };
  }

  /** What `resolve` would begin to measure now. What stands on an answer that is not there yet is measured of something like it. */
  unknown(
    image: ServedImage,
    images: readonly ServedImage[],
    checked: CheckedFormula,
    needed: ReadonlySet<number> | null = null,
  ): readonly MeasuredWork[] {
    const work: MeasuredWork[] = [];
    const answers: Answer[] = [];
    for (const [index, measured] of checked.measured.entries()) {
      if (needed?.has(index) === false) {
        answers.push(ANY_WINDOW);
        continue;
      }
      const planes = measuredArguments(checked, index, answers);
      const { key } = questionOf(image, images, measured, planes);
      const known = this.#known.get(key);
      answers.push(known?.answer ?? widestAnswer(measured));
      if (known || this.#flights.has(key)) continue;
      const { regions } = sampledPixels(image.info, planes.length);
      const pixels = regions.reduce((sum, { width, height }) => sum + width * height, 0);
      work.push(measuredWork(planes.slice(0, 1), pixels * planes.length));
    }
    return work;
  }

  async #answer(question: Question, signal: AbortSignal | undefined): Promise<Known> {
    const { key } = question;
    const known = this.#known.get(key);
    if (known) return known;
    const compute = async (shared: AbortSignal) => {
      const answer = await this.#compute(question, shared);
      this.#known.set(key, answer);
      return answer;
    };
    return this.#flights.run(key, compute, signal);
  }

  async #compute(question: Question, signal: AbortSignal): Promise<Known> {
    const { image, planes, measure, parameters } = question;
    const best = sampledPixels(image.info, planes.length);
    let reason: unknown;
    let isPartial = false;
    for (const pixels of [best, ...otherPixels(image.info, planes.length, best)]) {
      const measured = await Promise.all(planes.map((plane) => this.#measure(question, plane, pixels, signal)));
      const sound = measured.flatMap((one) => (one instanceof BandloomError ? [] : [one]));
      isPartial ||= sound.length < measured.length || sound.some(({ unread = 0 }) => unread > 0);
      if (sound.length > 0) return { answer: MEASURES[measure].answer(sound, parameters), isPartial };
      reason = measured[0];
    }
    // The window that the file states is better than none.
    if (measure === "shown" && parameters.length > 0) return { answer: parameters, isPartial: true };
    throw reason;
  }

  /** What cannot be decoded is left out; an error where all of it cannot. */
  async #measure(
    { image, others, measure, parameters }: Question,
    plane: Expr,
    { level, regions }: SampledPixels,
    signal: AbortSignal,
  ): Promise<StatisticsResult | BandloomError> {
    const inputs = inputsOf(image, others, level);
    const kernel = await this.#compiler.compile({ output: "float32", expressions: [plane], ...inputs }, signal);
    const job = {
      ...readsOf({ image, others }),
      ...{ kernel, level, regions, bins: 1, partly: true },
      // What is made of the formula is let in by itself; of an operation's formulas none is to be refused for the sake of the others.
      admitted: true,
      percentiles: MEASURES[measure].percentiles(parameters),
    };
    try {
      return await this.#renderer.statistics(job, signal);
    } catch (error) {
      if (error instanceof BandloomError && error.code === "SOURCE_UNREADABLE") return error;
      throw error;
    }
  }
}

function questionOf(
  image: ServedImage,
  images: readonly ServedImage[],
  { measure, parameters }: MeasuredExpr,
  planes: readonly Expr[],
): Question {
  const others = imagesOf(planes).flatMap((key) => images.find((one) => one.key === key) ?? []);
  const key = JSON.stringify([revisionsOf(image, others), measure, parameters, planes[0]?.text]);
  return { image, others, planes, measure, parameters, key };
}
