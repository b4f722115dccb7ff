import { Counter, Gauge, type Registry } from "prom-client";
import type { ServiceStats, Services } from "../../service/types/services.ts";

type Read = (stats: ServiceStats) => number;

const GAUGES: readonly (readonly [name: string, help: string, read: Read])[] = [
  [
    "bandloom_render_queue",
    "Jobs that wait for a worker: scale out when it stays above a few.",
    ({ renderer }) => renderer.queued,
  ],
  ["bandloom_render_workers", "Workers that are up.", ({ renderer }) => renderer.workers],
  ["bandloom_render_workers_busy", "Workers that have a job.", ({ renderer }) => renderer.busy],
];

const COUNTERS: typeof GAUGES = [
  [
    "bandloom_pictures_rendered_total",
    "Tiles and regions that were rendered here.",
    ({ renderer }) => renderer.pictures,
  ],
  ["bandloom_picture_failures_total", "Those that could not be.", ({ renderer }) => renderer.failures],
  [
    "bandloom_render_workers_replaced_total",
    "Workers that were lost and replaced.",
    ({ renderer }) => renderer.replacedWorkers,
  ],
  [
    "bandloom_quarantines_total",
    "Formulas on images, and images, that were refused for a minute as they had cost three workers.",
    ({ renderer }) => renderer.quarantines,
  ],
  [
    "bandloom_chunks_decoded_total",
    "Stored chunks that were read and decoded.",
    ({ renderer }) => renderer.chunksDecoded,
  ],
  ["bandloom_chunk_hits_total", "Chunks that a worker had decoded already.", ({ renderer }) => renderer.chunkHits],
  ["bandloom_kernels_compiled_total", "Kernels that workers compiled.", ({ renderer }) => renderer.kernelsCompiled],
  ["bandloom_source_requests_total", "Requests to the servers that hold images.", ({ remote }) => remote.requests],
  ["bandloom_source_bytes_total", "Bytes of images that came over the network.", ({ remote }) => remote.bytes],
  [
    "bandloom_source_block_hits_total",
    "Blocks of remote images that were kept already.",
    ({ remote }) => remote.cacheHits,
  ],
  ["bandloom_source_retries_total", "Requests to those servers that were tried again.", ({ remote }) => remote.retries],
];

/** Of rendering and of what it reads. */
export function renderMetrics(services: Services, registers: Registry[]): void {
  for (const [name, help, read] of GAUGES)
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(read(services.stats()));
      },
    });
  for (const [name, help, read] of COUNTERS) {
    new Counter({
      ...{ name, help, registers },
      collect() {
        this.reset();
        this.inc(read(services.stats()));
      },
    });
  }
  new Counter({
    name: "bandloom_pictures_total",
    help: "Tiles and regions that were answered, by where their bytes came from; shared: another request or server rendered them meanwhile.",
    labelNames: ["cache"],
    registers,
    collect() {
      this.reset();
      for (const [cache, count] of Object.entries(services.stats().pictures))
        this.inc({ cache: cache.toLowerCase() }, count);
    },
  });
}
