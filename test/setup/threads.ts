import { Worker, type WorkerOptions } from "node:worker_threads";
import { THREADS } from "./bundle-threads.ts";

/**
 * In place of src/render/thread.ts while tests run (vitest.config.ts): threads start from bundles of today's sources, made once, and
 * not each from hundreds of files that are translated on the way. A pool of two is there in a fifth of the time.
 */
export function startThread(name: string, here: string, options: WorkerOptions): Worker {
  const file = new URL(`${name}.js`, here).pathname;
  return new Worker(new URL(file.slice(file.lastIndexOf("/src/") + "/src/".length), THREADS), options);
}
