import { planeView } from "../../core/dtype.ts";
import { levelSize, type Region, type Size } from "../../core/geometry.ts";
import { type Halving, halve, type Placed, type Samples } from "../../source/tiff/write-downsample.ts";
import { halveOpacity, halveSeen } from "../../source/tiff/write-downsample-seen.ts";
import type { EncodedChunk, Remainder, Target, UnitJob, UnitResult } from "../protocol.ts";
import { ChunkEncoder, newSamples } from "./chunk-encoder.ts";

/** Fills planes with the region of a job that is read. */
export type ReadPlanes = (job: UnitJob, planes: readonly Samples[]) => Promise<void>;

/** Makes the chunks of units, level by level. Memory for planes is kept from one unit to the next. */
export class UnitMaker {
  readonly #target: Target;
  readonly #encoder: ChunkEncoder;
  readonly #read: ReadPlanes;
  #full: Samples[] = [];
  #reduced: Samples[] = [];

  constructor(target: Target, read: ReadPlanes) {
    this.#target = target;
    this.#encoder = new ChunkEncoder(target);
    this.#read = read;
  }

  async make(job: UnitJob): Promise<UnitResult> {
    const { width, height } = job.region;
    const planes = await this.#planesOf(job, width * height);
    const chunks: EncodedChunk[] = [];
    const packed: Uint8Array[] = [];
    const rests: ArrayBuffer[] = [];
    let length = 0;
    const keep = (chunk: Omit<EncodedChunk, "offset" | "length">, bytes: Uint8Array) => {
      chunks.push({ ...chunk, offset: length, length: bytes.length });
      packed.push(bytes);
      length += bytes.length;
    };
    const opacity = this.#opacityOf(job, planes);
    for (const [index, plane] of job.planes.entries()) {
      const samples = planes[index];
      const rest = samples && (await this.#makePlane(job, plane, samples, opacity, keep));
      if (rest) rests.push(rest);
    }
    return { bytes: joined(packed, length), chunks, rest: rests.length > 0 ? this.#remainder(job, rests) : null };
  }

  async #planesOf(job: UnitJob, count: number): Promise<readonly Samples[]> {
    if (job.data) return job.data.map((buffer) => planeView(this.#target.type, buffer, 0, count));
    const planes = job.planes.map((_, index) => {
      const kept = this.#full[index];
      const whole = kept && kept.length >= count ? kept : newSamples(this.#target, count);
      this.#full[index] = whole;
      return whole.subarray(0, count);
    });
    await this.#read(job, planes);
    return planes;
  }

  /** All chunks of one plane; gives the samples of the level behind the last where there is one. */
  async #makePlane(
    { level: first, depth, region }: UnitJob,
    plane: number,
    samples: Samples,
    opacity: readonly Samples[],
    keep: (chunk: Omit<EncodedChunk, "offset" | "length">, bytes: Uint8Array) => void,
  ): Promise<ArrayBuffer | null> {
    let [current, part] = [samples, region];
    for (let level = first; level < first + depth; level++) {
      for (const { x, y, left, top, width, height } of chunksOf(part, this.#target.chunk)) {
        const { bytes, checksum } = await this.#encoder.pack(
          current,
          top * part.width + left,
          part.width,
          width,
          height,
        );
        keep({ plane, level, x, y, checksum }, bytes);
      }
      if (level + 1 === this.#target.levels) return null;
      const next = this.#halved(part, level + 1);
      const last = level + 1 === first + depth;
      const target = last ? newSamples(this.#target, next.width * next.height) : this.#scratch(level - first, next);
      this.#reduce(plane, current, opacity[level - first], part, { samples: target, origin: 0, stride: next.width });
      [current, part] = [target, next];
    }
    return current.buffer as ArrayBuffer;
  }

  /** Of the other planes, at each level of the unit that is halved; empty: there is none, or their means do not ask for it. */
  #opacityOf(job: UnitJob, planes: readonly Samples[]): readonly Samples[] {
    const { alpha, nodata, levels } = this.#target;
    if (!alpha || alpha.isMultiplied) return [];
    const index = job.planes.findIndex((plane) => this.#isAlpha(plane));
    const [full, plane] = [planes[index], job.planes[index]];
    if (!full || plane === undefined) throw new RangeError(`A unit of ${nodata.length} channels lacks their opacity.`);
    const opacity = [full];
    let part = job.region;
    for (let level = job.level + 1; level < Math.min(job.level + job.depth, levels); level++) {
      const next = this.#halved(part, level);
      const target = newSamples(this.#target, next.width * next.height);
      this.#reduce(plane, opacity.at(-1) ?? full, undefined, part, { samples: target, origin: 0, stride: next.width });
      opacity.push(target);
      part = next;
    }
    return opacity;
  }

  #isAlpha(plane: number): boolean {
    return plane % this.#target.nodata.length === this.#target.alpha?.channel;
  }

  #reduce(plane: number, samples: Samples, opacity: Samples | undefined, { width, height }: Region, to: Placed): void {
    const from = { samples, origin: 0, stride: width };
    const halving = this.#halving(plane);
    if (this.#isAlpha(plane)) halveOpacity(from, width, height, to, halving);
    else if (opacity) halveSeen(from, { samples: opacity, origin: 0, stride: width }, width, height, to, halving);
    else halve(from, width, height, to, halving);
  }

  #halving(plane: number): Halving {
    const { type, nodata, downsample, categorical } = this.#target;
    const method = categorical[plane % nodata.length] ? "nearest" : downsample;
    return { type, method, nodata: nodata[plane % nodata.length] ?? null };
  }

  #scratch(index: number, { width, height }: Size): Samples {
    const kept = this.#reduced[index];
    const scratch = kept && kept.length >= width * height ? kept : newSamples(this.#target, width * height);
    this.#reduced[index] = scratch;
    return scratch;
  }

  /** The same rectangle one level coarser. */
  #halved({ x, y, width, height }: Region, level: number): Region {
    const size = levelSize(this.#target, level);
    const [left, top] = [x / 2, y / 2];
    return {
      x: left,
      y: top,
      width: Math.min(Math.ceil(width / 2), size.width - left),
      height: Math.min(Math.ceil(height / 2), size.height - top),
    };
  }

  #remainder({ level, depth, region, planes }: UnitJob, data: readonly ArrayBuffer[]): Remainder {
    let rest = region;
    for (let step = 1; step <= depth; step++) rest = this.#halved(rest, level + step);
    return { level: level + depth, region: rest, planes, data };
  }
}

/** Chunks of a rectangle whose corner is one of a chunk; `left` and `top` count from that corner. */
function* chunksOf({ x: x0, y: y0, width, height }: Region, side: number) {
  for (let top = 0; top < height; top += side) {
    for (let left = 0; left < width; left += side) {
      yield {
        x: (x0 + left) / side,
        y: (y0 + top) / side,
        left,
        top,
        width: Math.min(side, width - left),
        height: Math.min(side, height - top),
      };
    }
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
