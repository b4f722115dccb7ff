import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { distrustTiles } from "../../src/cache/index.ts";
import { THREADS } from "../setup/bundle-threads.ts";
import { temporaryFolder } from "./support.ts";

/** A bundle of spoiled-store.ts. */
const PROGRAM = fileURLToPath(new URL("spoiled-store.js", THREADS));
/** Where LMDB ends the process it is started again, and after the second time the store is not believed. */
const STARTS = 3;

interface End {
  readonly died: boolean;
  readonly output: string;
}

async function run(...args: readonly string[]): Promise<End> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  const [output, [code, signal]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0 && signal === null) throw new Error(`The program failed with ${code}.`);
  return { died: signal !== null, output };
}

it.each(["emptied", "swapped", "headless", "noisy"].map((how, seed) => [how, seed] as const))(
  "a store whose pages are %s while it is open (seed %i) gives no wrong tile, and takes and gives all tiles again",
  async (how, seed) => {
    const folder = temporaryFolder();
    let end = await run(folder, how, String(seed));
    for (let starts = 1; end.died && starts < STARTS; starts++) {
      if (starts === STARTS - 1) distrustTiles(folder);
      end = await run(folder);
    }
    expect(JSON.parse(end.output)).toMatchObject({ missing: 0 });
  },
  300_000,
);
