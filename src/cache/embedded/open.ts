import { spawn } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { checkProgram } from "./check-program.ts";

export const DATA_FILE = "data.mdb";
const LOCK_FILE = "lock.mdb";
/** What LMDB makes of 126 readers, in whole pages. */
const LOCK_BYTES = 3 * 4096;
/** Written when the store is closed in order: what the file looked like then. */
const CLOSED_FILE = "closed.json";
/** Written when a store failed that no check finds anything wrong with. */
const SUSPECT_FILE = "suspect";
const DAMAGED_SUFFIX = ".damaged";
/** Its `exports` hide package.json, which lies two folders above its entry. */
const LMDB_ENTRY = createRequire(import.meta.url).resolve("lmdb");
const { version: LMDB_VERSION } = JSON.parse(readFileSync(join(LMDB_ENTRY, "../../package.json"), "utf8")) as {
  readonly version: string;
};
/** Long enough to read some 100 GB; a check that hangs must not go on for ever. */
const CHECK_TIMEOUT_MS = 300_000;

/** One LMDB file with what belongs to it. */
export interface StoreOptions<T> {
  /** The folder that stores are in. */
  readonly folder: string;
  /** Of the store's own folder. The layout of the tables stands in it: a process of another layout has a store of its own. */
  readonly name: string;
  /** What messages call it. */
  readonly label: string;
  readonly open: (path: string) => T;
  readonly log: (line: string) => void;
  /** Told before `open` when what was kept is lost. */
  readonly onAnew?: () => void;
}

/**
 * Opens a store. LMDB trusts its file: a damaged page does not raise an error but ends the process. So a file that is not as we left it
 * (the process was killed, the disk failed, somebody wrote to it) is first read from end to end by a process of its own, and moved
 * aside when that fails.
 *
 * @throws Error with a message for people when the folder cannot be used.
 */
export async function openStore<T>({ folder, name, label, open, log, onAnew }: StoreOptions<T>): Promise<T> {
  const store = join(resolve(folder), name);
  makeFolder(store);
  const data = join(store, DATA_FILE);
  reserveLock(store);
  if (existsSync(data) && !(await isSound(store))) {
    moveAside(store);
    reserveLock(store);
    onAnew?.();
    log(`${label}: the store was damaged; it was moved aside and begins anew`);
  }
  for (const file of [CLOSED_FILE, SUSPECT_FILE]) rmSync(join(store, file), { force: true });
  return open(store);
}

/**
 * LMDB maps its lock file without asking for the room: on a full disk its first touch would end the process (SIGBUS). Written before, it is an
 * error. Linked into its place, so that another process that begins meanwhile meets all of it or none.
 */
function reserveLock(store: string): void {
  const lock = join(store, LOCK_FILE);
  if (existsSync(lock)) return;
  const draft = `${lock}.${process.pid}`;
  try {
    writeFileSync(draft, Buffer.alloc(LOCK_BYTES));
    linkSync(draft, lock);
  } catch (error) {
    // It is there already, or this file system has no links: then LMDB makes it.
    if (isOutOfRoom(error)) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function isOutOfRoom(error: unknown): boolean {
  return error instanceof Error && "code" in error && ["ENOSPC", "EDQUOT", "EROFS"].includes(String(error.code));
}

async function isSound(store: string): Promise<boolean> {
  if (existsSync(join(store, SUSPECT_FILE))) return false;
  return isAsClosed(store) || (await passesCheck(store));
}

/** Notes that the store was closed in order. Throws when the folder is gone. */
export function markClosed({ folder, name }: Pick<StoreOptions<unknown>, "folder" | "name">): void {
  const store = join(resolve(folder), name);
  writeFileSync(join(store, CLOSED_FILE), JSON.stringify(fingerprint(store)));
}

/**
 * Has a store moved aside when it is opened next, whatever a check says: where it was used, LMDB failed or ended the process again and
 * again. A check reads what is stored, but not the list of free pages that only a writer reads. Throws when there is no store.
 */
export function markSuspect({ folder, name }: Pick<StoreOptions<unknown>, "folder" | "name">): void {
  writeFileSync(join(resolve(folder), name, SUSPECT_FILE), "");
}

/** What must be the same at the next start: the file, and the LMDB that reads it (another format of it ends the process, too). */
function fingerprint(store: string): Readonly<Record<string, unknown>> {
  const { size, mtimeMs } = statSync(join(store, DATA_FILE));
  return { size, modified: mtimeMs, lmdb: LMDB_VERSION };
}

/** Names the file that a store lies in now; null: there is none. One that was removed, or moved and made anew, is another. */
export function storeFile({ folder, name }: Pick<StoreOptions<unknown>, "folder" | "name">): string | null {
  const stats = statSync(join(resolve(folder), name, DATA_FILE), { throwIfNoEntry: false });
  return stats ? `${stats.dev}:${stats.ino}` : null;
}

/** Bytes of its disk that a store has or can have; 0: it is gone. */
export function bytesOnDisk(folder: string, name: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return statSync(join(resolve(folder), name, DATA_FILE)).size + bavail * bsize;
  } catch {
    return 0;
  }
}

/** Whether a store is as it was when it was closed in order: nobody has it open, and nobody changed it since. */
export function isAsClosed(store: string): boolean {
  try {
    return readFileSync(join(store, CLOSED_FILE), "utf8") === JSON.stringify(fingerprint(store));
  } catch {
    return false;
  }
}

/** mkdir -p, but one step at a time: Node's own recursion never ends below /proc. */
function makeFolder(folder: string): void {
  try {
    if (!existsSync(folder)) {
      const parent = dirname(folder);
      if (parent !== folder) makeFolder(parent);
      mkdirSync(folder);
    }
    accessSync(folder, constants.W_OK);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return;
    throw new Error("the cache folder cannot be written; set BANDLOOM_CACHE to one that can", { cause: error });
  }
}

/**
 * Ctrl-C reaches every process of a terminal, the end of a service or want of memory any: that says nothing of the store. (What is `killed`
 * we ended ourselves, when its time was over.)
 */
const FROM_OUTSIDE: ReadonlySet<NodeJS.Signals | null> = new Set(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGKILL"]);

/** Reads a store from end to end, in a process of its own. */
export function passesCheck(store: string): Promise<boolean> {
  const program = checkProgram();
  const loader = program.endsWith(".ts") ? ["--import", "tsx"] : [];
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [...loader, program, store], {
      cwd: dirname(program),
      stdio: "ignore",
      timeout: CHECK_TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    // Too many files or processes: that says nothing of the store, which is kept.
    const cannotSay = (cause?: Error) => fail(new Error("the store cannot be checked now", { cause }));
    child.once("error", cannotSay);
    child.once("exit", (code, signal) =>
      code === 2 || (FROM_OUTSIDE.has(signal) && !child.killed) ? cannotSay() : done(code === 0),
    );
  });
}

function moveAside(store: string): void {
  const data = join(store, DATA_FILE);
  const damaged = data + DAMAGED_SUFFIX;
  rmSync(damaged, { force: true, recursive: true });
  renameSync(data, damaged);
  rmSync(join(store, LOCK_FILE), { force: true, recursive: true });
}
