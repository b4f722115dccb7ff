import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Config } from "../config/settings.ts";
import type { FromServer, ToServer } from "./messages.ts";

const SERVER = fileURLToPath(new URL(`./server.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url));
/** A server that crashed is started again after this long, twice as long each time, at most the longest; milliseconds. */
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 10_000;
/** A server that ran so long was healthy: the next crash is the first one again. */
const HEALTHY_MS = 60_000;

/**
 * Runs the server as a child and starts it again when it crashes: a native codec can take its process with it (the server's
 * workers survive everything else). Resolves with the exit code when the server ends by itself or was told to.
 */
export function superviseServer(config: Config): Promise<number> {
  return new Promise((resolve) => {
    let child: ChildProcess | null = null;
    let restart: NodeJS.Timeout | undefined;
    let stopping = false;
    let delay = FIRST_DELAY_MS;

    const start = (again: boolean): void => {
      const begun = performance.now();
      let ready = false;
      const started = fork(SERVER, { execArgv: process.execArgv, stdio: ["ignore", "inherit", "inherit", "ipc"] });
      child = started;
      started.send({ config, again } satisfies ToServer);
      started.on("message", (message: FromServer) => {
        ready ||= message.kind === "ready";
      });
      started.on("exit", (code, signal) => {
        child = null;
        // A server that never was ready has said why: starting it again would only repeat it.
        if (stopping || !ready || code === 0) return resolve(code ?? 1);
        if (performance.now() - begun > HEALTHY_MS) delay = FIRST_DELAY_MS;
        process.stderr.write(`bandloom: the server ended (${signal ?? `exit code ${code}`}); it is started again.\n`);
        restart = setTimeout(start, delay, true);
        delay = Math.min(LONGEST_DELAY_MS, delay * 2);
      });
    };
    const stop = (): void => {
      // The second time it is meant: nothing is waited for.
      child?.kill(stopping ? "SIGKILL" : "SIGTERM");
      stopping = true;
      if (child) return;
      clearTimeout(restart);
      resolve(0);
    };
    process.on("SIGTERM", stop).on("SIGINT", stop);
    start(false);
  });
}
