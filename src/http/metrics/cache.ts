import { Counter, Gauge, type Registry } from "prom-client";
import type { CacheTierStats } from "../../cache/types.ts";
import type { Services } from "../../service/types/services.ts";

/** Null: not known, and left out. */
type Read = (tier: CacheTierStats) => number | null;

const GAUGES: readonly (readonly [name: string, help: string, read: Read])[] = [
  ["bandloom_cache_entries", "Tiles in a tier.", ({ entries }) => entries],
  ["bandloom_cache_bytes", "Their bytes.", ({ bytes }) => bytes],
  ["bandloom_cache_max_bytes", "Bytes that a tier may hold.", ({ maxBytes }) => maxBytes],
  ["bandloom_cache_healthy", "0: the tier is left out until it recovers.", ({ healthy }) => (healthy ? 1 : 0)],
];

const COUNTERS: typeof GAUGES = [
  ["bandloom_cache_hits_total", "Tiles that a tier had.", ({ hits }) => hits],
  ["bandloom_cache_misses_total", "Tiles that it had not.", ({ misses }) => misses],
];

/** Of the tiers of the tile cache, by name. */
export function cacheMetrics(services: Services, registers: Registry[]): void {
  const each = (read: Read, write: (tier: string, value: number) => void) => {
    for (const tier of services.stats().cache) {
      const value = read(tier);
      if (value !== null) write(tier.name, value);
    }
  };
  const labelNames = ["tier"] as const;
  for (const [name, help, read] of GAUGES)
    new Gauge({
      ...{ name, help, labelNames, registers },
      collect() {
        each(read, (tier, value) => this.set({ tier }, value));
      },
    });
  for (const [name, help, read] of COUNTERS)
    new Counter({
      ...{ name, help, labelNames, registers },
      collect() {
        this.reset();
        each(read, (tier, value) => this.inc({ tier }, value));
      },
    });
}
