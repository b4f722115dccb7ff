import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const CONNECTIONS = 16;
/** How long one measurement takes. */
export const SECONDS = 2;

/** Whether this machine has wrk: a client in JavaScript would be slower than what it measures. */
export function hasWrk(): boolean {
  return spawnSync("wrk", ["--version"], { stdio: "ignore" }).error === undefined;
}

/** Requests a second that a server answers, its paths taken in turn. Rejects when one is answered with anything but 200. */
export async function requestsPerSecond(url: string, paths: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "bandloom-wrk-"));
  try {
    const script = join(folder, "paths.lua");
    writeFileSync(
      script,
      `local paths = { ${paths.map((path) => JSON.stringify(path)).join(", ")} }
local n = 0
request = function()
  n = n % #paths + 1
  return wrk.format("GET", paths[n])
end
`,
    );
    const words = ["-t1", `-c${CONNECTIONS}`, `-d${SECONDS}s`, "-s", script, url];
    const { stdout } = await promisify(execFile)("wrk", words);
    if (/Non-2xx/.test(stdout)) throw new Error(`Not all of ${url} is answered with 200:\n${stdout}`);
    return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
