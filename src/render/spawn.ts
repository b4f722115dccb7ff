import { type ResourceLimits, Worker } from "node:worker_threads";
import type { Spawn } from "./pool/lane.ts";
import type { WorkerSettings } from "./protocol.ts";

/** JavaScript heap of a worker: metadata of large images, never pixels. Exhaustion ends the worker, not the process. */
const RESOURCE_LIMITS: ResourceLimits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };

/** Starts this project's worker file; from TypeScript source where that is what runs (development, tests). */
export function spawnWorker({ cacheBytes, memoryBytes }: Omit<WorkerSettings, "cancelled">): Spawn {
  const here = import.meta.url;
  const fromSource = here.endsWith(".ts");
  const file = new URL(`./worker/main.${fromSource ? "ts" : "js"}`, here);
  return (cancelled) => {
    const workerData: WorkerSettings = { cancelled, cacheBytes, memoryBytes };
    const options = { workerData, resourceLimits: RESOURCE_LIMITS, execArgv: [] };
    return fromSource ? new Worker(bootstrap(file), { ...options, eval: true }) : new Worker(file, options);
  };
}

/** A worker does not inherit the loader of its parent: it registers tsx (found from the working folder) for itself, then loads the file. */
function bootstrap(file: URL): string {
  return `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(file.href)}); });`;
}
