import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { childPeak } from "../fixtures/child-memory.ts";
import { writeLargeStack } from "../fixtures/large-stack.ts";
import { cleanEnvironment, PROGRAM } from "./program.ts";

describe("the memory of a conversion", () => {
  /** 16384 is what the project promises; a quarter of its pixels show the same in a few seconds. */
  const side = Number(process.env.BANDLOOM_TEST_INGEST_SIDE ?? 8192);
  const LIMIT = 1.5 * 2 ** 30;

  it(`of a stack of ${side} × ${side} × 5 samples of 16 bits stays below 1.5 GB`, { timeout: 600_000 }, async () => {
    const out = mkdtempSync(join(tmpdir(), "bandloom-ingest-memory-"));
    onTestFinished(() => rmSync(out, { recursive: true, force: true }));
    const source = join(out, "stack.ome.tif");
    await writeLargeStack(source, { width: side, height: side }, 5);
    // The more threads, the more memory: what is measured is the same on every machine.
    const args = ["ingest", source, "-o", join(out, "out.ome.tif"), "--effort", "1", "--threads", "4"];
    const child = spawn(process.execPath, [PROGRAM, ...args], { env: cleanEnvironment(), stdio: "ignore" });
    const exit = once(child, "exit");
    const peak = await childPeak(child);
    expect((await exit)[0]).toBe(0);
    if (peak === null) return;
    expect(peak).toBeLessThan(LIMIT);
    // It was really the conversion that was measured: threads alone take more than this.
    expect(peak).toBeGreaterThan(100 * 2 ** 20);
  });
});
