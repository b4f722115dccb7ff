import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { anonymousMemory, type ServerOptions } from "../../fixtures/server.ts";
import { buildImage } from "../../fixtures/zarr-builder.ts";
import { cpuTime } from "../cpu.ts";
import { quantile } from "../measure.ts";
import { atMost, note, type Row } from "../row.ts";
import type { Answer, Question } from "./caller.ts";
import { GREEDY, HeldServer } from "./held-server.ts";
import { REQUESTS } from "./requests.ts";

/** Of the server that is asked for what takes too long, milliseconds. */
const DEADLINE_MS = 2_000;
/** What has cost the server so much is refused from then on without a try. */
const OVERRUNS = 3;
const LEAVING = 1_000;
/** A process that uses less of a core than this has nothing to do: it is still asked for its metrics. */
const IDLE_SHARE = 0.1;
const WINDOW_MS = 100;
const LOOK_EVERY_MS = 10;
const LONG_FORMULAS = 10;
const MEBIBYTE = 2 ** 20;

/** Promises 7, 8, 11 and 14 of one worker; 1 and 2 are measured by overload.ts, 13 by the group `soak`. */
export async function promises(options: ServerOptions): Promise<readonly Row[]> {
  return [
    await deadline(options),
    ...(await tinyChunks(options)),
    ...(await HeldServer.use(options, async (held) => [await leaving(held), await longFormulas(held)])),
  ];
}

const row = (name: string, times: readonly number[], targets: Row["targets"]): Row => ({
  ...{ name, unit: "request", targets, cpu: Number.NaN },
  ...{ p50: quantile(times, 0.5), p99: quantile(times, 0.99) },
});

/** Work that takes too long ends in time, and is not begun again and again. */
async function deadline(options: ServerOptions): Promise<Row> {
  const environment = { BANDLOOM_DEADLINE_MS: `${DEADLINE_MS}` };
  const times = await HeldServer.use({ ...options, environment }, async (held) => {
    const caller = held.caller(1);
    // Whatever is made once is made before.
    await caller.ask(REQUESTS.fresh(held.numbers()));
    const taken: number[] = [];
    for (let tries = 0; tries <= OVERRUNS; tries++) {
      const { status, ms } = await caller.ask(REQUESTS.endless(0));
      // What is refused for its size, or done in time, tells nothing of the deadline.
      if (tries === 0 && (status === 200 || ms < DEADLINE_MS))
        throw new Error(`A region was to take ${DEADLINE_MS} ms; it was answered with ${status} after ${ms}.`);
      taken.push(ms);
    }
    caller.close();
    return taken;
  });
  return row(`promise 7: a region that takes longer than ${DEADLINE_MS} ms of a worker`, times, [
    atMost("refused after, slowest", Math.max(...times.slice(0, OVERRUNS)), DEADLINE_MS + 250, "ms"),
    atMost(`refused after, once it had been tried ${OVERRUNS} times`, times[OVERRUNS] ?? Number.NaN, 250, "ms"),
  ]);
}

/** An OME-Zarr of 100,000² pixels in chunks of one: a kilobyte on the disk. */
async function tinyChunks(options: ServerOptions): Promise<readonly Row[]> {
  const level = {
    shape: [1, 1],
    chunk: [1, 1],
    metadata: (array: object) => ({ ...array, shape: [100_000, 100_000] }),
  };
  const data = `${options.data}-tiny`;
  for (const [path, bytes] of await buildImage({ version: 2, axes: "yx", levels: [level] })) {
    const file = join(data, "tiny.ome.zarr", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  const questions: Readonly<Record<string, Question>> = {
    "a tile, window measured": { path: "/tiles/tiny/8/0/0.jpg?f=b1" },
    "a tile": { path: "/tiles/tiny/8/0/0.jpg?f=window(b1,0,1)" },
    "a region": { path: "/regions/tiny/0,0,100000,100000/512.jpg?f=b1" },
    "a probe of one pixel": { path: "/probe/tiny.json?f=b1&points=1,1" },
  };
  return HeldServer.use({ ...options, data }, async (held) => {
    const rows: Row[] = [];
    for (const [name, question] of Object.entries(questions)) {
      const { ms, status, bytes } = await memoryOf(held, question);
      rows.push(
        row(
          `promise 8: chunks of one pixel, ${name}`,
          [ms],
          [
            atMost("answered after", ms, 1_000, "ms"),
            atMost("memory more at its most", bytes / MEBIBYTE, 256, "MiB"),
            note("status", status, ""),
          ],
        ),
      );
    }
    return rows;
  });
}

/** An answer, and how much more memory the server had meanwhile, bytes. */
async function memoryOf(held: HeldServer, question: Question): Promise<Answer & { readonly bytes: number }> {
  const caller = held.caller(1);
  const before = anonymousMemory(held.server.pid());
  let peak = before;
  let isOver = false;
  const answer = caller.ask(question).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    peak = Math.max(peak, anonymousMemory(held.server.pid()));
    await sleep(LOOK_EVERY_MS);
  }
  caller.close();
  return { ...(await answer), bytes: peak - before };
}

/** A thousand requests with formulas of their own, abandoned together. */
async function leaving(held: HeldServer): Promise<Row> {
  await held.idle();
  const caller = held.caller(LEAVING, [GREEDY]);
  const first = held.numbers();
  const all = Array.from({ length: LEAVING }, (_, n) => caller.ask(REQUESTS.fresh(first + n)));
  await Promise.any(all);
  const pid = held.server.pid();
  const [begin, used] = [performance.now(), cpuTime(pid)];
  caller.close();
  const answered = (await Promise.all(all)).filter(({ failure }) => failure === null).length;
  const queue = (async () => {
    while ((await held.metric("bandloom_render_queue"))[0] !== 0) await sleep(LOOK_EVERY_MS);
    return performance.now() - begin;
  })();
  let [idleAt, cpu] = [begin, used];
  for (;;) {
    const from = cpuTime(pid);
    idleAt = performance.now();
    await sleep(WINDOW_MS);
    cpu = cpuTime(pid);
    if (cpu - from < IDLE_SHARE * (performance.now() - idleAt)) break;
  }
  return row(
    `promise 11: ${LEAVING} requests with new formulas, abandoned`,
    [],
    [
      atMost("queue empty after", await queue, 50, "ms"),
      atMost("nothing done any more after", idleAt - begin, 1_000, "ms"),
      note("CPU meanwhile", cpu - used, "ms"),
      note("answered before they left", answered, "requests"),
    ],
  );
}

/** Formulas of a megabyte. */
async function longFormulas(held: HeldServer): Promise<Row> {
  const caller = held.caller(1);
  const times: number[] = [];
  for (let n = 0; n < LONG_FORMULAS; n++) {
    const formula = "red+".repeat(MEBIBYTE / 4) + n;
    const query = `{image(key:"demo"){render(formula:"${formula}"){hash}}}`;
    const { isGood, ms } = await caller.ask({ path: "/graphql", query });
    if (isGood) throw new Error("A formula of a megabyte was taken.");
    times.push(ms);
  }
  caller.close();
  return row("promise 14: a formula of a megabyte", times, [
    atMost("refused after, the first", times[0] ?? Number.NaN, 50, "ms"),
    atMost("refused after, slowest of the others", Math.max(...times.slice(1)), 50, "ms"),
  ]);
}
