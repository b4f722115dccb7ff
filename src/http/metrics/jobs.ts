import { Counter, Gauge, type Registry } from "prom-client";
import type { JobState } from "../../service/jobs/types.ts";
import type { Services } from "../../service/types/services.ts";

/** Jobs that have ended are forgotten some day, so that their number tells nothing. */
const UNFINISHED: readonly JobState[] = ["queued", "running"];

/** Of tiles that are rendered ahead of use. */
export function jobMetrics({ jobs }: Services, registers: Registry[]): void {
  new Gauge({
    name: "bandloom_jobs",
    help: "Jobs that wait and that run: on all servers that share them. Left out while what holds them does not answer.",
    labelNames: ["state"],
    registers,
    async collect() {
      this.reset();
      const all = await jobs.list().catch(() => null);
      if (all) for (const state of UNFINISHED) this.set({ state }, all.filter((job) => job.state === state).length);
    },
  });
  new Counter({
    name: "bandloom_job_tiles_total",
    help: "Tiles of jobs that this server has dealt with: in the cache now, or failed.",
    labelNames: ["outcome"],
    registers,
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(jobs.counts())) this.inc({ outcome }, count);
    },
  });
}
