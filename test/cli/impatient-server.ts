import { readSettings } from "../../src/cli/config/read.ts";
import { supervise } from "../../src/cli/serve/supervisor.ts";

/** `bandloom serve` as its sources are, but for the time that it gives a server that hangs, and clients one that is gone. */
async function main(): Promise<void> {
  const settings = readSettings({ flags: {}, environment: process.env, folder: process.cwd() });
  process.exitCode = await supervise(settings, { stuckMs: 500, holdMs: 1_000 });
}
void main();
