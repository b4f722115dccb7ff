import { setTimeout as sleep } from "node:timers/promises";
import { quantile } from "../measure.ts";
import { atMost, note, type Row } from "../row.ts";
import { GREEDY, type HeldServer } from "./held-server.ts";
import { LoadProcess, type LoadResult } from "./load-process.ts";
import { type Kind, REQUESTS } from "./requests.ts";

interface Greed {
  readonly name: string;
  readonly kind: Kind;
  /** Requests at a time, each followed by another of its kind. */
  readonly inFlight: number;
}

const GREEDS: readonly Greed[] = [
  { name: "4 regions of 4096², 80 exp(sin(…))", kind: "regions", inFlight: 4 },
  { name: "2 lossless WebP of 4096²", kind: "lossless", inFlight: 2 },
  { name: "250 inline tiles, 80 exp(sin(…))", kind: "inline", inFlight: 1 },
  { name: "500 cold tiles in flight", kind: "cold", inFlight: 500 },
  { name: "1,500 cold tiles in flight", kind: "cold", inFlight: 1_500 },
  { name: "14 equalize(…), only hash selected", kind: "equalize", inFlight: 1 },
  { name: "14 equalize(…) of each of 5 images, only hash", kind: "catalogue", inFlight: 1 },
  { name: "210 statistics", kind: "statistics", inFlight: 1 },
];

/** New tiles of the polite client under way at a time, as a viewer's last ones. */
const LANES = 2;
const WARMUP_SECONDS = 5;
/** Until the greedy client has the server. */
const HEAD_START_MS = 1_500;
/** So many new tiles at least, unless they take more than six times as long as was meant. */
const TILES = 100;
const PATIENCE = 6;
const HIT_EVERY_MS = 100;
/** Until a client that was refused asks again. */
const PAUSE_MS = 50;

interface Seen {
  /** Milliseconds of new tiles that were answered, and of known ones. */
  readonly fresh: readonly number[];
  readonly hits: readonly number[];
  readonly refused: number;
}

/** What a polite client sees beside greedy ones, one after another. */
export async function fairness(held: HeldServer, seconds: number): Promise<readonly Row[]> {
  await observe(held, WARMUP_SECONDS);
  const alone = await observe(held, seconds);
  const limit = Math.max(3 * quantile(alone.fresh, 0.99), 150);
  const rows = [row("alone", alone, [])];
  for (const { name, kind, inFlight } of GREEDS) {
    await held.idle();
    const flow = { kind: "held", inFlight } as const;
    const load = await LoadProcess.start({ ...held.load(kind, [GREEDY]), seconds: 3_600, flow });
    await sleep(HEAD_START_MS);
    const seen = await observe(held, seconds);
    const greedy = await load.stop();
    const targets = [
      atMost("new tiles, p99", quantile(seen.fresh, 0.99), limit, "ms"),
      atMost("refused", seen.refused, 0, "requests"),
      atMost("hits, p99", quantile(seen.hits, 0.99), 50, "ms"),
      ...taken(greedy),
    ];
    rows.push(row(`beside ${name}`, seen, targets));
  }
  await held.idle();
  return rows;
}

function row(name: string, { fresh }: Seen, targets: Row["targets"]): Row {
  const times = { p50: quantile(fresh, 0.5), p99: quantile(fresh, 0.99), cpu: Number.NaN };
  return {
    name: `new tile ${name}`,
    unit: "tile",
    ...times,
    targets: [note("made", fresh.length, "tiles"), ...targets],
  };
}

/** What came of the greedy one. */
function taken({ accepted, refused, failures }: LoadResult): Row["targets"] {
  return [
    note("greedy client: answered", accepted.length, "requests"),
    note("greedy client: refused (503, 429)", refused.length, "requests"),
    ...failures.map(([name, count]) => note(`greedy client: ${name}`, count, "requests")),
  ];
}

async function observe(held: HeldServer, seconds: number): Promise<Seen> {
  const caller = held.caller(LANES + 1);
  let next = held.numbers();
  const known = REQUESTS.fresh(next++);
  // Made first, however long that takes: what is asked for below is a hit.
  await caller.ask(known);
  const begin = performance.now();
  const over = () => {
    const passed = (performance.now() - begin) / 1000;
    return passed >= seconds * PATIENCE || (passed >= seconds && fresh.length >= TILES);
  };
  const [fresh, hits]: [number[], number[]] = [[], []];
  let refused = 0;
  const lane = async () => {
    while (!over()) {
      const answer = await caller.ask(REQUESTS.fresh(next++));
      if (answer.isGood) fresh.push(answer.ms);
      else {
        refused++;
        await sleep(PAUSE_MS);
      }
    }
  };
  const knock = async () => {
    const asked: Promise<void>[] = [];
    for (let due = performance.now(); !over(); due += HIT_EVERY_MS) {
      await sleep(Math.max(0, due - performance.now()));
      asked.push(
        caller.ask(known, due).then(({ isGood, ms }) => {
          if (isGood) hits.push(ms);
          else refused++;
        }),
      );
    }
    await Promise.all(asked);
  };
  await Promise.all([knock(), ...Array.from({ length: LANES }, lane)]);
  caller.close();
  return { fresh, hits, refused };
}
