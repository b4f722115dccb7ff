import { statSync } from "node:fs";
import { join } from "node:path";
import type { ServerOptions } from "../../fixtures/server.ts";
import { cpuTime } from "../cpu.ts";
import { quantile } from "../measure.ts";
import { atMost, note, type Row } from "../row.ts";
import { HeldServer } from "./held-server.ts";
import { type Kind, REQUESTS } from "./requests.ts";

const ROUNDS = 4;
const CONNECTIONS = 8;
/** V8 has compiled the way of a tile for good after so many. */
const WARMUP = 1_200;
/** A build may cost so much more than the other. */
const NOISE = 1.03;

interface Work {
  readonly name: string;
  readonly kind: Kind;
  readonly tiles: number;
  readonly warmup: number;
  /** The same tile each time. */
  readonly isKnown?: true;
}

const WORK: readonly Work[] = [
  { name: "cold tile", kind: "cold", tiles: 1_500, warmup: WARMUP },
  { name: "tile of a new formula", kind: "fresh", tiles: 1_500, warmup: 300 },
  { name: "hit", kind: "fresh", tiles: 60_000, warmup: 5_000, isKnown: true },
];

/** CPU of a tile when nobody is greedy, and how it compares with another build, round by round in turn: a slower minute favors neither. */
export async function cost(options: ServerOptions, seconds: number, against: string | null): Promise<readonly Row[]> {
  const other = against === null ? null : join(against, "dist/cli/main.js");
  if (other !== null) statSync(other);
  const scale = Math.min(1, seconds / 10);
  const [ours, theirs]: [number[][], number[][]] = [[], []];
  for (let turn = 0; turn < ROUNDS; turn++) {
    // Each of them first as often.
    if (turn % 2 === 0) ours.push(await round(options, scale));
    if (other !== null) theirs.push(await round({ ...options, program: other }, scale));
    if (turn % 2 === 1) ours.push(await round(options, scale));
  }
  return WORK.map(({ name }, index): Row => {
    const [mine = [], its = []] = [ours, theirs].map((rounds) => rounds.map((costs) => costs[index] ?? Number.NaN));
    const ratios = its.map((ms, turn) => (mine[turn] ?? Number.NaN) / ms);
    return {
      ...{ name: `${name}, ${CONNECTIONS} at a time, nobody greedy`, unit: "tile" },
      ...{ p50: Number.NaN, p99: Number.NaN, cpu: quantile(mine, 0.5) },
      targets:
        other === null
          ? []
          : [
              atMost("CPU of the other build, median of the rounds", quantile(ratios, 0.5), NOISE, "times"),
              note("round with the least", Math.min(...ratios), "times"),
              note("round with the most", Math.max(...ratios), "times"),
            ],
    };
  });
}

/** CPU milliseconds a tile, of each kind of work. */
function round(options: ServerOptions, scale: number): Promise<number[]> {
  return HeldServer.use(options, (held) => costsOf(held, scale), false);
}

async function costsOf(held: HeldServer, scale: number): Promise<number[]> {
  const caller = held.caller(CONNECTIONS);
  const pid = held.server.pid();
  const costs: number[] = [];
  for (const { kind, tiles, warmup, isKnown } of WORK) {
    const first = held.numbers();
    let next = 0;
    const run = async (count: number) => {
      const end = next + count;
      const lane = async () => {
        while (next < end) {
          const n = next++;
          const { status, failure } = await caller.ask(REQUESTS[kind](first + (isKnown ? 0 : n)));
          if (status !== 200) throw new Error(`A tile was answered with ${failure ?? status}.`);
        }
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, lane));
    };
    await run(Math.ceil(warmup * scale));
    const before = cpuTime(pid);
    const counted = Math.ceil(tiles * scale);
    await run(counted);
    costs.push((cpuTime(pid) - before) / counted);
  }
  caller.close();
  return costs;
}
