import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { open } from "lmdb";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CHECKED } from "../../src/cache/envelope.ts";
import { cleanEnvironment, PROGRAM } from "../cli/program.ts";
import { effort } from "../fixtures/effort.ts";
import { type Reference, referenceOf, runLoad } from "../fixtures/load.ts";
import { freePort, killBoth, servingProcess, startServer } from "../fixtures/server.ts";
import { buildTiff } from "../fixtures/tiff-builder.ts";

const SIDE = 8 * 256;
/** Each at another moment of a batch's life. */
const DEATHS = effort(9, 50);
/** Every so often the supervisor dies with the server, as when a machine loses its power. */
const WHOLE_EVERY = 3;
/** It should take five seconds at most; ten times that is a hang. */
const READY_WITHIN_MS = 50_000;

const data = mkdtempSync(join(tmpdir(), "bandloom-killed-"));
const environment = { BANDLOOM_DATA: data, BANDLOOM_MEMORY_BYTES: "1", BANDLOOM_WORKERS: "1" };
let reference: Reference;
let port: number;
let program: Program | undefined;
let output = "";

beforeAll(async () => {
  const value = (x: number, y: number) => (x * 3 + y * 7) % 251;
  const layout = { width: SIDE, height: SIDE, tile: [256, 256], codec: "deflate" } as const;
  writeFileSync(join(data, "plate.tif"), buildTiff({ directories: [{ ...layout, value }] }));
  const paths = Array.from({ length: 320 }, (_, n) => {
    const [x, y] = [n % 8, Math.floor(n / 8) % 8];
    return `/tiles/plate/3/${x}/${y}.jpg?f=${encodeURIComponent(`window(b1, 0, ${256 + Math.floor(n / 64)})`)}`;
  });
  // Below a file there is no folder: a server without a cache.
  const plain = await startServer({ data, environment: { BANDLOOM_CACHE: join(data, "plate.tif", "none") } });
  reference = await referenceOf(plain.url, paths);
  await plain.stop();
  port = await freePort();
});
afterAll(async () => {
  if (program) await killAll(program);
  rmSync(data, { recursive: true, force: true });
});

interface Program {
  readonly supervisor: ChildProcess;
  /** Both of its processes have ended. */
  readonly ended: Promise<void>;
}

function startProgram(): Program {
  const supervisor = spawn(process.execPath, [PROGRAM, "serve", "--port", String(port)], {
    env: cleanEnvironment(environment),
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [supervisor.stdout, supervisor.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  // Both write to its streams.
  return { supervisor, ended: new Promise((resolve) => supervisor.once("close", () => resolve())) };
}

async function killAll({ supervisor, ended }: Program): Promise<void> {
  await killBoth(supervisor);
  await ended;
}

async function killServer({ supervisor }: Program): Promise<void> {
  const pid = servingProcess(supervisor);
  process.kill(pid, "SIGKILL");
  // An answer after this is not one of its last.
  while (existsSync(`/proc/${pid}`)) await sleep(1);
}

/** Milliseconds until it is ready. */
async function untilReady(): Promise<number> {
  const begin = performance.now();
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    if (answer?.ok) return performance.now() - begin;
    if (performance.now() - begin > READY_WITHIN_MS) throw new Error(`It is not there again:\n${output}`);
    await sleep(20);
  }
}

/** Until tiles come: what is killed before has nothing to write. */
async function untilRendered(url: string): Promise<void> {
  const [path = ""] = reference.keys();
  await fetch(url + path).then((answer) => answer.arrayBuffer());
}

/** All tiles, begun elsewhere each time, so that there is always something to write. */
function turned(whole: Reference, round: number): Reference {
  const paths = [...whole].map((entry, at) => [entry, (at * 7 + round * 13) % whole.size] as const);
  return new Map(paths.toSorted((a, b) => a[1] - b[1]).map(([entry]) => entry));
}

it(`a server that is killed ${DEATHS} times while it writes is there again each time, and keeps no wrong tile`, async ({
  annotate,
}) => {
  const url = `http://127.0.0.1:${port}`;
  program = startProgram();
  await untilReady();
  const times: number[] = [];
  let served = 0;
  for (let death = 1; death <= DEATHS; death++) {
    let killed = false;
    const load = runLoad(url, turned(reference, death), { rounds: 0, until: () => killed });
    await untilRendered(url);
    // At any moment of a batch's life: it gathers for 20 ms, then it is written.
    await sleep((death * 37) % 120);
    if (death % WHOLE_EVERY === 0) {
      await killAll(program);
      program = startProgram();
    } else await killServer(program);
    killed = true;
    times.push(await untilReady());
    const { statuses, wrong } = await load;
    // Those that were under way have no answer; every other one is right.
    expect([...statuses.keys()].filter((status) => status !== 0 && status !== 200)).toEqual([]);
    expect(wrong).toEqual([]);
    served += statuses.get(200) ?? 0;
  }
  const last = await runLoad(url, reference);
  expect([...last.statuses.keys()]).toEqual([200]);
  expect(last.wrong).toEqual([]);
  const sorted = times.toSorted((a, b) => a - b);
  await annotate(
    `ready again after ${sorted[DEATHS >> 1]?.toFixed(0)} ms (median), ${sorted.at(-1)?.toFixed(0)} ms at most; ${served} tiles served meanwhile, ${last.outcomes.get("EMBEDDED")} of ${reference.size} kept`,
  );
  expect(output).not.toMatch(/damaged|unhandled/i);
  program.supervisor.kill("SIGTERM");
  await program.ended;
  expect(program.supervisor.exitCode).toBe(0);
  program = undefined;
  expect(soundValues()).toBeGreaterThan(reference.size / 2);
}, 900_000);

/** Opens the store itself: every value there is what was sealed under its key. Gives how many there are. */
function soundValues(): number {
  const binary = { encoding: "binary", keyEncoding: "binary" } as const;
  const root = open<Buffer, Buffer>({ path: join(data, ".bandloom", "tiles-1"), maxDbs: 4, readOnly: true, ...binary });
  const [values, entries] = [root.openDB("values", binary), root.openDB("entries", binary)];
  const keys = [...values.getKeys()].map((key) => Buffer.from(key));
  for (const key of keys) {
    const value = values.getBinary(key);
    expect(value && CHECKED.unseal(key.toString("hex"), value)).not.toBeNull();
    expect(entries.getBinary(key)?.readUInt32BE(8)).toBe(value?.length);
  }
  expect(entries.getCount()).toBe(keys.length);
  void root.close();
  return keys.length;
}
