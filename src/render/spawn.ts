import { MessageChannel, type MessagePort, type ResourceLimits } from "node:worker_threads";
import { serveRemote } from "../source/remote/index.ts";
import type { Remote } from "../source/remote/types.ts";
import type { Spawn } from "./pool/lane.ts";
import type { WorkerSettings } from "./protocol.ts";
import { startThread } from "./thread.ts";

/** JavaScript heap of a worker: metadata of large images, never pixels. Exhaustion ends the worker, not the process. */
const RESOURCE_LIMITS: ResourceLimits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };

export interface SpawnOptions extends Pick<WorkerSettings, "cacheBytes" | "memoryBytes" | "deadlineMs"> {
  /** What workers reach images behind a network by; null: nothing. */
  readonly remote: Remote | null;
}

/** Starts this project's worker file; from TypeScript source where that is what runs (development, tests). */
export function spawnWorker({ remote, ...settings }: SpawnOptions): Spawn {
  return (cancelled, onTraffic) => {
    const port = remote && remotePort(remote, onTraffic);
    const workerData: WorkerSettings = { ...settings, cancelled, remote: port };
    const transferList = port ? [port] : [];
    const options = { workerData, transferList, resourceLimits: RESOURCE_LIMITS, execArgv: [] };
    return startThread("./worker/main", import.meta.url, options);
  };
}

/** The worker's end of a channel to `remote`. It closes with the worker. */
function remotePort(remote: Remote, onTraffic: () => void): MessagePort {
  const { port1, port2 } = new MessageChannel();
  serveRemote(port1, remote);
  port1.on("message", onTraffic);
  port1.unref();
  return port2;
}
