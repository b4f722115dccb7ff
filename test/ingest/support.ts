import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { PlaneType } from "../../src/core/dtype.ts";
import { type IngestOptions, type IngestReport, ingest, locate } from "../../src/ingest/index.ts";
import { buildTiff, type TiffSpec } from "../fixtures/tiff-builder.ts";
import type { PlaneArray } from "../fixtures/tiff-pixels.ts";

/** A folder that is gone after the file's tests. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bandloom-ingest-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function writeTiff(path: string, spec: TiffSpec): string {
  writeFileSync(path, buildTiff(spec));
  return path;
}

/** Converts files, with chunks of 256 pixels and one thread unless told otherwise. */
export async function convertFiles(
  sources: readonly string[],
  output: string,
  options: Partial<Omit<IngestOptions, "sources" | "output">> & Pick<IngestOptions, "format">,
): Promise<IngestReport> {
  const located = await Promise.all(sources.map(locate));
  return await ingest({ chunk: 256, threads: 1, ...options, sources: located, output });
}

export interface Plane {
  readonly samples: PlaneArray;
  readonly width: number;
  readonly height: number;
}

export interface Reduction {
  readonly type: PlaneType;
  readonly method?: "mean" | "nearest";
  readonly nodata?: number | null;
}

/** The next level, pixel by pixel, the slow way. */
export function reduced({ samples, width, height }: Plane, { type, method = "mean", nodata = null }: Reduction): Plane {
  const [w, h] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const out = samples.slice(0, w * h);
  const single = type === "float32" ? Math.fround : (x: number) => x;
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const first = 2 * y * width + 2 * x;
      if (method === "nearest") {
        out[y * w + x] = samples[first] ?? 0;
        continue;
      }
      let [sum, count, largest] = [0, 0, Number.NEGATIVE_INFINITY];
      for (let below = 0; below < 2 && 2 * y + below < height; below++) {
        for (let right = 0; right < 2 && 2 * x + right < width; right++) {
          const value = samples[first + below * width + right] ?? 0;
          if (Number.isNaN(value) || value === nodata) continue;
          sum = single(sum + value);
          largest = Math.max(largest, value);
          count++;
        }
      }
      const mean = single(sum / count);
      const rounded = type.startsWith("float") ? mean : Math.floor(mean + 0.5);
      const data = rounded === nodata ? largest : rounded;
      out[y * w + x] = count === 0 ? (nodata ?? Number.NaN) : data;
    }
  }
  return { samples: out, width: w, height: h };
}

/** All levels of a plane, finest first, until both sides are at most 256 pixels. */
export function pyramidOf(full: Plane, reduction: Reduction): readonly Plane[] {
  const levels = [full];
  for (let last = full; Math.max(last.width, last.height) > 256; ) {
    last = reduced(last, reduction);
    levels.push(last);
  }
  return levels;
}

/** The first sample that differs, NaNs being equal; null: none. */
export function firstDifference(found: ArrayLike<number>, expected: ArrayLike<number>): string | null {
  if (found.length !== expected.length) return `${found.length} samples where ${expected.length} are due`;
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(found[i], expected[i])) return `${found[i]} at ${i} where ${expected[i]} is due`;
  }
  return null;
}
