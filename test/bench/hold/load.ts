/** A process of its own that asks a server for more than it can do; started by load-process.ts. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, Caller } from "./caller.ts";
import type { Load, LoadReport, LoadResult } from "./load-process.ts";
import { REQUESTS } from "./requests.ts";

/** Until a request that was refused is followed by the next; a program that repeats it at once would measure itself. */
const PAUSE_MS = 50;
/** Of the clock by which requests are sent. */
const TICK_MS = 2;

const load = JSON.parse(process.argv[2] ?? "") as Load;
const question = REQUESTS[load.kind];
const connections = load.flow.kind === "held" ? load.flow.inFlight : load.flow.connections === "fresh" ? "fresh" : 1e6;
const caller = new Caller(load.port, load.addresses, connections);
const [accepted, refused, late]: number[][] = [[], [], []];
const failures = new Map<string, number>();
let asked = 0;

process.on("message", () => send({ kind: "result", result: result() }));
process.once("disconnect", () => process.exit());
send({ kind: "begun" });
if (load.flow.kind === "held") await held(load.flow.inFlight);
else await scheduled(load.flow.perSecond);
send({ kind: "result", result: result() });

/** So many at a time, each followed by the next. */
async function held(inFlight: number): Promise<void> {
  const end = performance.now() + load.seconds * 1000;
  const lane = async () => {
    while (performance.now() < end) {
      const answer = await caller.ask(question(load.from + asked++));
      note(answer);
      if (!answer.isGood) await sleep(PAUSE_MS);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

/** By the clock, whether earlier ones are answered or not. */
async function scheduled(perSecond: number): Promise<void> {
  const begin = performance.now();
  const count = Math.floor(load.seconds * perSecond);
  const answers: Promise<void>[] = [];
  while (asked < count) {
    for (const now = performance.now(); asked < count && begin + (asked * 1000) / perSecond <= now; asked++) {
      const due = begin + (asked * 1000) / perSecond;
      late?.push(now - due);
      answers.push(caller.ask(question(load.from + asked), due).then(note));
    }
    await sleep(TICK_MS);
  }
  send({ kind: "sent" });
  await Promise.all(answers);
}

function note({ status, isGood, ms, failure }: Answer): void {
  if (isGood) accepted?.push(ms);
  else if (status === 503 || status === 429) refused?.push(ms);
  else {
    const name = failure ?? (status === 200 ? "200 with errors" : `status ${status}`);
    failures.set(name, (failures.get(name) ?? 0) + 1);
  }
}

function result(): LoadResult {
  return { asked, accepted: accepted ?? [], refused: refused ?? [], late: late ?? [], failures: [...failures] };
}

function send(report: LoadReport): void {
  process.send?.(report);
}
