import { Worker, type WorkerOptions } from "node:worker_threads";

/**
 * Starts a file of this project as a worker: `name` without its ending, relative to the module at `here` (its import.meta.url); from
 * TypeScript source where that is what runs (development, tests).
 */
export function startThread(name: string, here: string, options: WorkerOptions): Worker {
  const fromSource = here.endsWith(".ts");
  const file = new URL(`${name}.${fromSource ? "ts" : "js"}`, here);
  return fromSource ? new Worker(bootstrap(file), { ...options, eval: true }) : new Worker(file, options);
}

/** A worker does not inherit the loader of its parent: it registers tsx (found from the working folder) for itself, then loads the file. */
function bootstrap(file: URL): string {
  return `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(file.href)}); });`;
}
