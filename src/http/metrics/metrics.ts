import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Services } from "../../service/types/services.ts";
import { accessMetrics } from "./access.ts";
import { cacheMetrics } from "./cache.ts";
import { jobMetrics } from "./jobs.ts";
import { memoryMetrics } from "./memory.ts";
import { renderMetrics } from "./render.ts";

/** Seconds: a hit in Redis takes a few milliseconds, a cold tile some more, and a queue that is full a second. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** What the server counts of itself, in the text format of Prometheus. Numbers that others keep are read when they are asked for. */
export class Metrics {
  readonly #process = ofProcess();
  readonly #registry = new Registry();
  readonly #requests: Counter<"route" | "status">;
  readonly #seconds: Histogram<"route">;
  /** Answers of the way around the routes, by status: labels would cost as much as the answer. */
  readonly hits = { "200": 0, "304": 0 };

  constructor(services: Services) {
    const registers = [this.#registry];
    new Gauge({
      ...{ name: "bandloom_info", help: "Always 1; the version is its label.", labelNames: ["version"], registers },
    }).set({ version: services.stats().version }, 1);
    new Gauge({
      ...{ name: "bandloom_ready", help: "1 when the server can do its work.", registers },
      collect() {
        this.set(services.readiness() === null ? 1 : 0);
      },
    });
    const { hits } = this;
    const told = { "200": 0, "304": 0 };
    this.#requests = new Counter({
      name: "bandloom_http_requests_total",
      help: "Requests that were answered, by route and status; 499: the client left before.",
      labelNames: ["route", "status"],
      registers,
      collect() {
        for (const status of ["200", "304"] as const) {
          this.inc({ route: "tiles", status }, hits[status] - told[status]);
          told[status] = hits[status];
        }
      },
    });
    this.#seconds = new Histogram({
      name: "bandloom_http_request_seconds",
      help: "From the headers of a request to the end of its answer. Without tiles that memory held: they take microseconds.",
      labelNames: ["route"],
      buckets: BUCKETS,
      registers,
    });
    renderMetrics(services, registers);
    cacheMetrics(services, registers);
    jobMetrics(services, registers);
    memoryMetrics(registers);
    accessMetrics(services, registers);
  }

  answered(route: string, status: number, seconds: number): void {
    this.#requests.inc({ route, status });
    this.#seconds.observe({ route }, seconds);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return Registry.merge([this.#process, this.#registry]).metrics();
  }
}

let processRegistry: Registry | null = null;

/** What Node tells of itself. Once for a process: the library measures the event loop and watches the collector until the process ends. */
function ofProcess(): Registry {
  if (processRegistry) return processRegistry;
  processRegistry = new Registry();
  collectDefaultMetrics({ register: processRegistry });
  return processRegistry;
}
