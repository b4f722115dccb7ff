import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../config/cache-folder.ts";
import type { Settings } from "../config/settings.ts";
import { EXIT } from "../exit-codes.ts";
import { ALLOCATOR } from "./allocator.ts";
import { HeldAddress } from "./held-address.ts";
import { type Handle, LISTENER, READY, type StartMessage, sendTo } from "./messages.ts";
import { LISTENERS } from "./more-listeners.ts";
import { V8_FLAGS } from "./v8-flags.ts";

const STOP_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
/** A signal that follows within this time is the same: a terminal and npm both pass on one Ctrl-C. */
const SAME_SIGNAL_MS = 500;
const STUCK_MS = 30_000;
/** It is there again in 3–14 s, whatever the load. */
const HOLD_MS = 30_000;
const FIRST_DELAY_MS = 100;
/** However often it crashes, it is there again within some seconds. */
const MAX_DELAY_MS = 2_000;
/** One that served this long was sound: the next crash is a first one again. */
const SOUND_AFTER_MS = 60_000;
/** What the system ends a process with whose own code went wrong, in a library or for a store that is damaged. */
const FAULTS: ReadonlySet<NodeJS.Signals | null> = new Set(["SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE"]);
const SECRET_BYTES = 24;
/** So many in a row, and it may be the store of tiles that does it: the next server begins a new one. */
const FAULTS_OF_STORE = 2;

export interface SuperviseOptions {
  /**
   * Who was asked to end and has not after so many milliseconds never will: running requests are given 10 s, and a store may hang in its
   * own code. 30 s when left out.
   */
  readonly stuckMs?: number;
  /** Who connects while a server that crashed is started again waits so many milliseconds and is then refused. 30 s when left out. */
  readonly holdMs?: number;
}

/**
 * Runs the server in a process of its own and starts it again when it crashes: a native codec that dies on a hostile file takes its
 * process along. Resolves with the exit code when the server ended by itself, never became ready, or was asked to end.
 */
export async function supervise(
  settings: Settings,
  { stuckMs = STUCK_MS, holdMs = HOLD_MS }: SuperviseOptions = {},
): Promise<number> {
  const stop = new StopRequest(stuckMs);
  const address = new HeldAddress(holdMs);
  // Before the process that serves hears of it: its closing is to close the socket.
  stop.signal.addEventListener("abort", () => address.release(), { once: true });
  const secret = startSecret(settings);
  try {
    let delay = FIRST_DELAY_MS;
    let faults = 0;
    for (let announce = true; ; announce = false) {
      const started = performance.now();
      const end = await runOnce({ settings, announce, secret }, address, stop);
      if (stop.killedBy !== null) return 128 + constants.signals[stop.killedBy];
      // What failed before it ever served has told why; what ended in order is done.
      if (stop.signal.aborted || end.code === EXIT.ok || (announce && !end.ready)) return exitCodeOf(end);
      const sound = performance.now() - started > SOUND_AFTER_MS;
      if (sound) delay = FIRST_DELAY_MS;
      faults = FAULTS.has(end.signal) ? (sound ? 1 : faults + 1) : 0;
      if (faults >= FAULTS_OF_STORE) await distrustStore(settings);
      tell(`the server ended with ${end.signal ?? `code ${end.code}`}; it is started again`);
      await sleep(delay, undefined, { signal: stop.signal }).catch(() => {});
      if (stop.signal.aborted) return EXIT.ok;
      delay = Math.min(MAX_DELAY_MS, delay * 2);
    }
  } finally {
    address.release();
    stop.dispose();
  }
}

/** The same for every process that serves, so that whoever was told it at the start keeps it. */
function startSecret({ adminToken, role }: Settings): string | null {
  return adminToken === null && role === "all" ? randomBytes(SECRET_BYTES).toString("base64url") : null;
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly ready: boolean;
}

async function runOnce(start: StartMessage, address: HeldAddress, stop: StopRequest): Promise<End> {
  const child = fork(fileURLToPath(new URL("./child.js", import.meta.url)), [], {
    execArgv: [...process.execArgv, ...V8_FLAGS],
    // Signing keys are bytes, which JSON would make something else of.
    serialization: "advanced",
    // graphql checks twice what it is given unless this says that nobody is developing.
    env: { NODE_ENV: "production", ...ALLOCATOR, ...process.env },
    stdio: "inherit",
  });
  let ready = false;
  child.on("message", (message, handle) => {
    if (message !== READY) return;
    ready = true;
    address.keep(handle as Handle | undefined);
    for (let n = 1; n < LISTENERS && address.handle; n++) sendTo(child, LISTENER, address.handle);
  });
  // A child that is gone before it heard anything: its exit tells.
  child.on("error", () => {});
  sendTo(child, start, address.handle);
  stop.passTo(child);
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  address.wait();
  return { code, signal, ready };
}

async function distrustStore(settings: Settings): Promise<void> {
  const folder = cacheFolder(settings);
  if (folder === null) return;
  // Only now: this process stays small.
  const { distrustTiles } = await import("../../cache/index.ts");
  distrustTiles(folder);
}

function exitCodeOf({ code, signal }: End): number {
  if (signal === null) return code ?? EXIT.failure;
  tell(`the server ended with ${signal}`);
  return 128 + constants.signals[signal];
}

function tell(message: string): void {
  process.stderr.write(`bandloom: ${message}\n`);
}

/** The operator's signals: the first asks the server to end, the second ends it. */
class StopRequest {
  readonly #control = new AbortController();
  readonly #listener = (signal: NodeJS.Signals) => this.#hear(signal);
  readonly #stuckMs: number;
  #child: ChildProcess | null = null;
  #heardAt = 0;
  killedBy: NodeJS.Signals | null = null;

  constructor(stuckMs: number) {
    this.#stuckMs = stuckMs;
    for (const name of STOP_SIGNALS) process.on(name, this.#listener);
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  passTo(child: ChildProcess): void {
    this.#child = child;
    if (this.signal.aborted) child.kill("SIGTERM");
  }

  dispose(): void {
    for (const name of STOP_SIGNALS) process.off(name, this.#listener);
  }

  #endStuck(): void {
    tell(`the server did not end in ${this.#stuckMs / 1000} s; it is ended by SIGKILL`);
    this.#child?.kill("SIGKILL");
  }

  #hear(signal: NodeJS.Signals): void {
    const now = performance.now();
    if (!this.signal.aborted) {
      this.#heardAt = now;
      this.#control.abort();
      this.#child?.kill("SIGTERM");
      setTimeout(() => this.#endStuck(), this.#stuckMs).unref();
    } else if (now - this.#heardAt > SAME_SIGNAL_MS) {
      this.killedBy = signal;
      this.#child?.kill("SIGKILL");
    }
  }
}
