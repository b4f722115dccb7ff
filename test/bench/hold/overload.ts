import { setTimeout as sleep } from "node:timers/promises";
import { quantile } from "../measure.ts";
import { atLeast, atMost, note, type Row } from "../row.ts";
import type { Caller } from "./caller.ts";
import { CROWD, type HeldServer } from "./held-server.ts";
import { LoadProcess, type LoadResult, runLoad } from "./load-process.ts";
import { REQUESTS } from "./requests.ts";

/** In flight when capacity is measured: a queue that is never empty, and never long. */
const IN_FLIGHT = 64;
const CAPACITY_SECONDS = 10;
const WARMUP_SECONDS = 5;
const TIMES = 4;
/** An answer that comes later is of no use to who asked. */
const USEFUL_MS = 1_000;
const HIT_EVERY_MS = 100;
const LOOK_EVERY_MS = 500;
/** The server is well when so many new tiles in turn are answered within so many milliseconds. */
const WELL = { tiles: 20, ms: 150 } as const;

/** Promises 1 and 2: four times as many cold tiles as the server can make, by the clock, of many clients. */
export async function overload(held: HeldServer, seconds: number): Promise<readonly Row[]> {
  const closed = { kind: "held", inFlight: IN_FLIGHT } as const;
  await runLoad({ ...held.load("cold", CROWD), seconds: Math.min(seconds, WARMUP_SECONDS), flow: closed });
  const measured = Math.min(seconds, CAPACITY_SECONDS);
  const begin = performance.now();
  const { accepted, refused } = await runLoad({ ...held.load("cold", CROWD), seconds: measured, flow: closed });
  const capacity = (accepted.length / (performance.now() - begin)) * 1000;
  const atCapacity = quantile(accepted, 0.99);
  const rows: Row[] = [
    row(`cold tiles at capacity C, ${IN_FLIGHT} in flight`, accepted, [
      note("C", capacity, "tiles/s"),
      note("refused", refused.length, "requests"),
    ]),
  ];
  for (const connections of ["kept", "fresh"] as const) {
    await held.idle();
    const flow = { kind: "rate", perSecond: TIMES * capacity, connections } as const;
    const load = await LoadProcess.start({ ...held.load("cold", CROWD), seconds, flow });
    const beside = await watch(held, load.sent);
    const recovered = await untilWell(held);
    const result = await load.result;
    load.end();
    rows.push(
      row(`promise 1: cold tiles at ${TIMES} C, ${connections} connections`, result.accepted, [
        atLeast("answered within 1 s", goodput(result, seconds) / capacity, 0.9, "C"),
        atMost("accepted, p99", quantile(result.accepted, 0.99), 2 * atCapacity, "ms"),
        ...(result.refused.length === 0 ? [] : [atMost("refusals, p99", quantile(result.refused, 0.99), 50, "ms")]),
        atMost("connections that failed, other statuses", sum(result.failures), 0, "requests"),
        ...result.failures.map(([name, count]) => note(`of them ${name}`, count, "requests")),
        atMost("well again after", recovered, 5, "s"),
        note("refused", result.refused.length / result.asked, "of all"),
        note("sent late by the generator itself, p99", quantile(result.late, 0.99), "ms"),
      ]),
      row(`promise 2: hits beside ${TIMES} C, ${connections} connections`, beside.hits, [
        atMost("hits, p99", quantile(beside.hits, 0.99), 50, "ms"),
        atMost("health, slowest", Math.max(...beside.health), 100, "ms"),
        atMost("hits and health that failed", sum([...beside.failures]), 0, "requests"),
        ...[...beside.failures].map(([name, count]) => note(`of them ${name}`, count, "requests")),
        // What is more than a tile's own time was spent in the queue.
        atMost("wait for a worker, p99", quantile(result.accepted, 0.99) - 1000 / capacity, 500, "ms"),
        note("longest queue seen", beside.queued, "jobs"),
      ]),
    );
  }
  await held.idle();
  return rows;
}

function row(name: string, times: readonly number[], targets: Row["targets"]): Row {
  const seen = { p50: quantile(times, 0.5), p99: quantile(times, 0.99), cpu: Number.NaN };
  return { name, unit: "tile", ...seen, targets };
}

/** Useful answers a second. */
function goodput({ accepted }: LoadResult, seconds: number): number {
  return accepted.filter((ms) => ms <= USEFUL_MS).length / seconds;
}

function sum(failures: LoadResult["failures"]): number {
  return failures.reduce((total, [, count]) => total + count, 0);
}

interface Beside {
  readonly hits: readonly number[];
  readonly health: readonly number[];
  readonly failures: ReadonlyMap<string, number>;
  readonly queued: number;
}

/** Hits and health of a polite client, by the clock, until the load is over. */
async function watch(held: HeldServer, until: Promise<void>): Promise<Beside> {
  const caller = held.caller(4);
  const known = REQUESTS.fresh(held.numbers());
  let isOver = false;
  const over = until.then(() => {
    isOver = true;
  });
  // It may be refused as others are: asked for until it is known.
  while (!isOver && !(await caller.ask(known)).isGood) await sleep(HIT_EVERY_MS);
  const [hits, health]: [number[], number[]] = [[], []];
  const failures = new Map<string, number>();
  const pace = async (question: { readonly path: string }, every: number, times: number[]) => {
    const asked: Promise<void>[] = [];
    for (let due = performance.now(); !isOver; due += every) {
      await sleep(Math.max(0, due - performance.now()));
      asked.push(record(caller, question, due, times, failures));
    }
    await Promise.all(asked);
  };
  let queued = 0;
  const look = async () => {
    while (!isOver) {
      const [length = 0] = await held.metric("bandloom_render_queue");
      queued = Math.max(queued, length);
      await sleep(LOOK_EVERY_MS);
    }
  };
  await Promise.all([over, look(), pace(known, HIT_EVERY_MS, hits), pace({ path: "/healthz" }, LOOK_EVERY_MS, health)]);
  caller.close();
  return { hits, health, failures, queued };
}

async function record(
  caller: Caller,
  question: { readonly path: string },
  due: number,
  times: number[],
  failures: Map<string, number>,
): Promise<void> {
  const { status, isGood, ms, failure } = await caller.ask(question, due);
  if (isGood) {
    times.push(ms);
    return;
  }
  const name = `${question.path.split("/")[1]} ${failure ?? `status ${status}`}`;
  failures.set(name, (failures.get(name) ?? 0) + 1);
}

/** Seconds until new tiles are answered as on any other day: until the first of them is asked for. */
async function untilWell(held: HeldServer): Promise<number> {
  const caller = held.caller(1);
  const begin = performance.now();
  let next = held.numbers();
  let since = begin;
  for (let good = 0; good < WELL.tiles; ) {
    const asked = performance.now();
    const { isGood, ms } = await caller.ask(REQUESTS.fresh(next++));
    const isWell = isGood && ms <= WELL.ms;
    if (isWell && good === 0) since = asked;
    good = isWell ? good + 1 : 0;
    if (!isGood) await sleep(10);
  }
  caller.close();
  return (since - begin) / 1000;
}
