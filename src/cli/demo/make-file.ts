import { stat } from "node:fs/promises";
import { withProgress } from "../output/progress.ts";
import { makeDemo } from "./make.ts";

/** Makes the demo image, showing how far it is at a terminal. Bytes are those on disk. */
export async function makeDemoFile({
  path,
  size,
  signal,
}: {
  readonly path: string;
  readonly size: number;
  readonly signal?: AbortSignal;
}): Promise<{ readonly bytes: number; readonly seconds: number }> {
  const start = performance.now();
  await withProgress("Making the demo image", (progress) =>
    makeDemo({ path, size, progress, ...(signal ? { signal } : {}) }),
  );
  return { bytes: (await stat(path)).size, seconds: (performance.now() - start) / 1000 };
}
