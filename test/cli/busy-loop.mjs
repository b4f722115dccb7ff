import { subscribe } from "node:diagnostics_channel";
import { isMainThread } from "node:worker_threads";

/** Loaded into a server before its program: each turn of its event loop takes long, and it says at its end how many connections one turn accepted at most. */

const TURN_MS = 5;

// The process that serves has a supervisor; that and the workers are left alone.
if (process.send && isMainThread) {
  let accepted = 0;
  let most = 0;
  subscribe("net.server.socket", () => {
    accepted++;
  });
  const turn = () => {
    most = Math.max(most, accepted);
    // Only while there is something to do: it is to start, and to end, as fast as ever.
    const until = performance.now() + (accepted > 0 ? TURN_MS : 0);
    accepted = 0;
    while (performance.now() < until);
    setImmediate(turn);
  };
  turn();
  process.on("exit", () => process.stderr.write(`accepted in one turn: ${most}\n`));
}
