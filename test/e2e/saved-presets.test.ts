import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { effort } from "../fixtures/effort.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";

const data = mkdtempSync(join(tmpdir(), "bandloom-saved-"));
/** Ten times and more what a start takes on a busy machine: a hang. */
const REPAIRED = { timeout: 120_000 };
let server: RunningServer;
beforeAll(async () => {
  writeFileSync(join(data, "plate.tif"), buildTiff({ directories: [{ width: 32, height: 32, seed: 1 }] }));
  server = await startServer({ data });
});
afterAll(async () => {
  await server?.stop();
  rmSync(data, { recursive: true, force: true });
});

const save = (name: string) =>
  server.query(`mutation { savePreset(input: { name: "${name}", formula: "b1 + 1" }) { preset { name } } }`);

async function saved(): Promise<readonly string[]> {
  const { presets } = await server.query<{ presets: { nodes: readonly { name: string }[] } }>(
    '{ presets(search: "kept", first: 100) { nodes { name } } }',
  );
  return presets.nodes.map(({ name }) => name);
}

it("presets that were saved are there when the server was killed in the middle of saving more, every time", async () => {
  let expected: readonly string[] = [];
  for (let time = 0; time < effort(2, 8); time++) {
    await save(`kept ${time}`);
    expected = [...expected, `kept ${time}`];
    const more = save(`half ${time}`).catch(() => null);
    const before = server.pid();
    process.kill(before, "SIGKILL");
    await more;
    // What answers now is not the one that was killed, in its last moment.
    await expect.poll(() => !existsSync(`/proc/${before}`), REPAIRED).toBe(true);
    await expect.poll(async () => (await fetch(`${server.url}/readyz`).catch(() => null))?.ok, REPAIRED).toBe(true);
    expect(server.pid()).not.toBe(before);
    expect(await saved()).toEqual(expected);
  }
}, 300_000);
