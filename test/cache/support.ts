import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Accepts, CachedTile } from "../../src/cache/index.ts";

/** A key of the form that the cache uses. */
export function keyOf(name: string | number): string {
  return createHash("sha256").update(String(name)).digest("hex");
}

/** A tile whose bytes tell its name, so that a mix-up shows. */
export function tileOf(name: string | number, length = 2_000): CachedTile {
  const bytes = Buffer.alloc(length, `${name};`);
  return { bytes: new Uint8Array(bytes) };
}

/** For tiles that are no pictures. */
export const ANYTHING: Accepts = () => true;

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bandloom-cache-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A wait that never ends by time while a test may go on: a machine that stalls makes nothing late. */
export const PATIENCE_MS = 60_000;
/** Far above every stated time, and below the time that a test has, so that it says what never came. */
const HANG_MS = 50_000;

/** Waits until `condition` holds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + HANG_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Log lines, collected. */
export function logBook(): { readonly lines: string[]; readonly log: (line: string) => void } {
  const lines: string[] = [];
  return { lines, log: (line) => lines.push(line) };
}
