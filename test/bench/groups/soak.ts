import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { anonymousMemory, residentMemory } from "../../fixtures/server.ts";
import { askForNames, otherwiseAt, type SoakImage, soak } from "../../fixtures/soak.ts";
import { mainThreadTime } from "../cpu.ts";
import type { Group } from "../group.ts";
import { HeldServer } from "../hold/held-server.ts";
import { atLeast, atMost, note } from "../row.ts";

/** The demo sky in several sizes. */
const SIDES = [1_024, 2_048, 4_096];
const CHANNELS = 15;
/** 16 new tiles a second and as many known ones: a third of what two workers do. */
const EVERY_MS = 62.5;
const LANES = 8;
const LOOK_EVERY_MS = 5_000;
/** The event loop is measured from one question to the next. */
const LOOP_EVERY_MS = 60_000;
/**
 * Tables of formulas (32 MiB) and of addresses (16 MiB) hold a third of it; at the soak's pace they would fill for 40 minutes. And V8's heap grows
 * until all in them was replaced twice: to twice of what is in use, as it seldom moves what is old together.
 */
const NAMES = 135_000;
/** Of the time, in which tiles and kernels fill their caches: it does not count for the slope. */
const FILLING = 1 / 3;
/** Shorter, caches are filling all the time. */
const SLOPE_FROM_MINUTES = 30;
/** Tiles of the whole soak, and those that a second server makes again. */
const DISTINCT = 10_000;
const COMPARED = 600;
const MEBIBYTE = 2 ** 20;

/** Promise 13: new tiles of new formulas all the time, two workers. */
export const rows: Group = async ({ folder, options: { minutes } }) => {
  const data = join(folder, "soak");
  const images = SIDES.map((side) => demo(data, side));
  const environment = { BANDLOOM_WORKERS: "2" };
  const watched = await HeldServer.use({ data, environment }, async (held) => {
    const pid = held.server.pid();
    await askForNames(held.server.url, { images, lanes: LANES, count: NAMES });
    const [begin, before] = [performance.now(), mainThreadTime(pid)];
    const isOver = () => performance.now() >= begin + minutes * 60_000;
    const [memory, resident, loops] = [
      looks(() => anonymousMemory(pid) / MEBIBYTE, LOOK_EVERY_MS, isOver),
      looks(() => residentMemory(pid) / MEBIBYTE, LOOK_EVERY_MS, isOver),
      loopDelays(held, isOver),
    ];
    const result = await soak(held.server.url, { images, goesOn: () => !isOver(), lanes: LANES, everyMs: EVERY_MS });
    const [elapsed, after] = [performance.now() - begin, mainThreadTime(pid)];
    const shares = { ran: (after.ran - before.ran) / elapsed, waited: (after.waited - before.waited) / elapsed };
    const isSame = held.server.pid() === pid;
    return { result, memory: await memory, resident: await resident, loops: await loops, shares, isSame };
  });
  const { result, memory, resident, loops, shares, isSame } = watched;
  for (const path of [...result.failed, ...result.wrong].slice(0, 10)) process.stderr.write(`${path}\n`);
  const every = Math.max(1, Math.floor(result.tiles.size / COMPARED));
  const otherwise = await HeldServer.use({ data, environment }, (held) =>
    otherwiseAt(held.server.url, result.tiles, every),
  );
  const growth = slopeWhenFull(memory);
  return [
    {
      ...{ name: `promise 13: soak of ${minutes} minutes, two workers`, unit: "tile" },
      ...{ p50: Number.NaN, p99: Number.NaN, cpu: Number.NaN },
      targets: [
        atLeast("different tiles", result.tiles.size, (DISTINCT * Math.min(minutes, 30)) / 30, "tiles"),
        note("asked for again", result.repeats, "tiles"),
        atMost("other bytes when asked for again", result.wrong.length, 0, "tiles"),
        atMost(`other bytes by a second server, every ${every} tiles`, otherwise.length, 0, "tiles"),
        atMost("not answered with 200", result.failed.length, 0, "requests"),
        atMost("serving process replaced", isSame ? 0 : 1, 0, "faults"),
        atMost("anonymous memory at its most", mostOf(memory), 1_024, "MiB"),
        minutes < SLOPE_FROM_MINUTES
          ? note("its growth after the first third (too short to tell)", growth, "MiB/min")
          : atMost("its growth after the first third", growth, 1, "MiB/min"),
        note("with pages of the mapped store", mostOf(resident), "MiB"),
        note("growth of both together", slopeWhenFull(resident), "MiB/min"),
        atMost("event loop's delay, p99 of the worst minute", Math.max(...loops), 50, "ms"),
        note("main thread at work", 100 * shares.ran, "% of the time"),
        // Where this is much the machine had other things to do, and the delay tells of them.
        note("main thread waiting for a core", 100 * shares.waited, "% of the time"),
      ],
    },
  ];
};

function demo(data: string, side: number): SoakImage {
  const key = `sky-${side}`;
  mkdirSync(data, { recursive: true });
  const program = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
  const words = [program, "demo", "--size", `${side}`, "-o", join(data, `${key}.ome.tif`)];
  execFileSync(process.execPath, words, { stdio: "ignore" });
  return { key, side, channels: CHANNELS };
}

interface Look {
  readonly minute: number;
  readonly value: number;
}

async function looks(value: () => number, everyMs: number, isOver: () => boolean): Promise<readonly Look[]> {
  const found: Look[] = [];
  while (!isOver()) {
    found.push({ minute: performance.now() / 60_000, value: value() });
    await sleep(everyMs);
  }
  return found;
}

/** p99 of each minute, milliseconds; nodejs measures it anew after each question. */
async function loopDelays(held: HeldServer, isOver: () => boolean): Promise<readonly number[]> {
  const name = "nodejs_eventloop_lag_p99_seconds";
  // The first minute is that of the start.
  await held.metric(name);
  const found: number[] = [];
  for (let since = performance.now(); ; ) {
    const over = isOver();
    if (over || performance.now() - since >= LOOP_EVERY_MS) {
      const [seconds = Number.NaN] = await held.metric(name);
      found.push(seconds * 1000);
      since = performance.now();
    }
    if (over) return found;
    await sleep(100);
  }
}

function mostOf(found: readonly Look[]): number {
  return Math.max(...found.map(({ value }) => value));
}

function slopeWhenFull(found: readonly Look[]): number {
  return slope(found.slice(Math.floor(found.length * FILLING)));
}

/** Of the line through all looks by least squares. */
function slope(found: readonly Look[]): number {
  const mean = (of: (look: Look) => number) => found.reduce((sum, look) => sum + of(look), 0) / found.length;
  const [x, y] = [mean(({ minute }) => minute), mean(({ value }) => value)];
  return mean((look) => (look.minute - x) * (look.value - y)) / mean((look) => (look.minute - x) ** 2);
}
