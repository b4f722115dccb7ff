import { readSettings } from "../../src/cli/config/read.ts";
import { supervise } from "../../src/cli/serve/supervisor.ts";

/** `bandloom serve` as its sources are, but for the time that it gives a server that hangs. */
async function main(): Promise<void> {
  const settings = readSettings({ flags: {}, environment: process.env, folder: process.cwd() });
  process.exitCode = await supervise(settings, { stuckMs: 500 });
}
void main();
