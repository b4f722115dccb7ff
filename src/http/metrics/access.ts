import { Counter, type Registry } from "prom-client";
import type { Services } from "../../service/types/services.ts";

/** Who was turned away. */
export function accessMetrics({ access }: Services, registers: readonly Registry[]): void {
  let told = 0;
  new Counter({
    name: "bandloom_bad_credentials_total",
    help: "Keys, tokens and secrets that were sent and are not good here.",
    registers: [...registers],
    collect() {
      this.inc(access.failures - told);
      told = access.failures;
    },
  });
}
