import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { bandloom } from "./program.ts";

/** For a file of tests: a folder, and in it a data folder with a small image, so that nothing needs to be painted. */
export function servedFolder(): { readonly folder: string; readonly data: string } {
  const folder = mkdtempSync(join(tmpdir(), "bandloom-serve-"));
  const data = join(folder, "data");
  beforeAll(async () => {
    mkdirSync(data);
    await bandloom(["demo", "--size", "256", "-o", join(data, "sky.ome.tif")]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, data };
}

export async function until<T>(find: () => T | null | Promise<T | null>): Promise<T> {
  for (let tries = 0; tries < 1000; tries++) {
    const found = await find();
    if (found !== null) return found;
    await sleep(25);
  }
  throw new Error("It did not come to pass.");
}

export const alive = (pid: number) => existsSync(`/proc/${pid}/status`);
