import { readFileSync } from "node:fs";
import { Gauge, type Registry } from "prom-client";

/** Of the process's own memory. `process_resident_memory_bytes` holds the pages of the mapped store too, which the system takes back when it likes. */
export function memoryMetrics(registers: Registry[]): void {
  if (anonymousBytes() === null) return;
  new Gauge({
    name: "bandloom_memory_anonymous_bytes",
    help: "Memory of the process itself: what is resident without pages of mapped files, such as the embedded store. Left out where the system does not tell (it takes Linux).",
    registers,
    collect() {
      const bytes = anonymousBytes();
      if (bytes !== null) this.set(bytes);
    },
  });
}

/** proc(5), RssAnon; null where there is none. */
function anonymousBytes(): number | null {
  try {
    const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1")) ?? [];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
