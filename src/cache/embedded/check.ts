/**
 * A program of its own, started by open.ts: `node check.js STORE`. Ends with 0 when every page of the store can be read
 * and a transaction can be written; with an exception or a signal where LMDB meets damage.
 */
import { open } from "lmdb";

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("usage: check STORE");

const BINARY = { encoding: "binary", keyEncoding: "binary" } as const;
const MAX_TABLES = 8;
const PROBE = Buffer.from("probe");

const root = open<Buffer, Buffer>({ path, maxDbs: MAX_TABLES, ...BINARY });
// The root holds the names of all tables.
const names = [...root.getKeys()].map(String);
for (const name of names) {
  const table = root.openDB<Buffer, Buffer>(name, BINARY);
  for (const key of table.getKeys()) table.getBinaryFast(key);
}
const probe = root.openDB<Buffer, Buffer>("probe", BINARY);
await probe.put(PROBE, Buffer.alloc(2 ** 16));
await probe.drop();
await root.close();
