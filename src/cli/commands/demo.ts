import { mkdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DEFAULT_DEMO_SIZE, demoFileName, MAX_DEMO_SIZE, MIN_DEMO_SIZE, makeDemo } from "../demo/make.ts";
import { EXIT } from "../exit.ts";
import { NO_PROGRESS, showProgress } from "../progress.ts";
import { UsageError } from "../usage-error.ts";

export interface DemoCommand {
  readonly size: string | undefined;
  readonly output: string | undefined;
  readonly data: string;
  readonly json: boolean;
}

/** Writes the demo image. */
export async function demoCommand({ size, output, data, json }: DemoCommand): Promise<number> {
  const pixels = size === undefined ? DEFAULT_DEMO_SIZE : Number(size);
  if (!Number.isInteger(pixels) || pixels < MIN_DEMO_SIZE || pixels > MAX_DEMO_SIZE)
    throw new UsageError(`--size should be a whole number from ${MIN_DEMO_SIZE} to ${MAX_DEMO_SIZE}, not "${size}".`);
  const path = resolve(output ?? join(data, demoFileName(pixels)));
  mkdirSync(dirname(path), { recursive: true });
  await writeDemo(path, pixels, json);
  const { size: bytes } = statSync(path);
  if (json) process.stdout.write(`${JSON.stringify({ path, width: pixels, height: pixels, bytes })}\n`);
  else process.stdout.write(`${path}: ${pixels} × ${pixels} pixels, 15 channels, ${(bytes / 1e6).toFixed(0)} MB\n`);
  return EXIT.done;
}

/** With a progress bar unless `quiet`; what is half written is removed when the process is told to end. */
export async function writeDemo(path: string, size: number, quiet: boolean): Promise<void> {
  const progress = quiet ? NO_PROGRESS : showProgress("Painting the demo sky");
  const controller = new AbortController();
  const stop = () => controller.abort(new Error("Interrupted."));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    await makeDemo({ size, path, progress: progress.update, signal: controller.signal });
  } finally {
    progress.stop();
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}
