/**
 * A program of its own, started by open.ts: `node check.js STORE`. Ends with 0 when every page of the store can be read
 * and a transaction can be written; with a signal or 1 where LMDB meets damage; with 2 where the system does not let it look.
 */
import { constants } from "node:os";
import { open } from "lmdb";
import { committed } from "../commit.ts";
import { hasCode, isDamage } from "./damage.ts";

/** A full disk, no more files: that says nothing of the store. */
const CANNOT_SAY = 2;
const { EDQUOT, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, EROFS } = constants.errno;
/** LMDB passes the system's own numbers on; spoiled pages can lead to any other of them. EIO: it calls so what was written in part. */
const OF_THE_SYSTEM: ReadonlySet<unknown> = new Set([EDQUOT, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, EROFS]);

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("usage: check STORE");

const BINARY = { encoding: "binary", keyEncoding: "binary" } as const;
const MAX_TABLES = 8;
const PROBE = Buffer.from("probe");

try {
  await check(path);
} catch (error) {
  if (isDamage(error) || !hasCode(error, OF_THE_SYSTEM)) throw error;
  process.exitCode = CANNOT_SAY;
}

async function check(store: string): Promise<void> {
  const root = open<Buffer, Buffer>({ path: store, maxDbs: MAX_TABLES, eventTurnBatching: false, ...BINARY });
  // The root holds the names of all tables.
  const names = [...root.getKeys()].map(String);
  for (const name of names) {
    const table = root.openDB<Buffer, Buffer>(name, BINARY);
    for (const key of table.getKeys()) table.getBinaryFast(key);
  }
  const probe = root.openDB<Buffer, Buffer>("probe", BINARY);
  await committed(probe.put(PROBE, Buffer.alloc(2 ** 16)));
  await committed(probe.drop());
  await root.close();
}
