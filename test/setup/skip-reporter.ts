import type { Reporter, TestCase, TestModule, TestSuite } from "vitest/node";

/** What a test that was skipped needed, told by itself (`skip(…)`) or by its options (needs.ts). Null: it was left out by the command line. */
function reasonOf(test: TestCase): string | null {
  const result = test.result();
  if (result.state !== "skipped") return null;
  if (result.note) return result.note;
  for (let one: TestCase | TestSuite | TestModule = test; one.type !== "module"; one = one.parent) {
    const { needs } = one.meta();
    if (needs !== undefined && one.options.mode === "skip") return needs;
  }
  return null;
}

/** Ends a run with one line for each thing that this machine lacks: how many tests were skipped for want of it, and how to have it. */
export class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = new Map<string, number>();
    for (const module of modules) {
      for (const test of module.children.allTests("skipped")) {
        const reason = reasonOf(test);
        if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1);
      }
    }
    for (const [reason, count] of counts) process.stdout.write(`Skipped ${count} tests that need ${reason}\n`);
  }
}
