/**
 * A program of its own, started by open.ts: `node check.js STORE`. Ends with 0 when every page of the store can be read
 * and a transaction can be written; with an exception or a signal where LMDB meets damage.
 */
import { Tables } from "./tables.ts";

const [store] = process.argv.slice(2);
if (store === undefined) throw new Error("usage: check STORE");

const KEY = Buffer.alloc(32, 0xff);
const tables = new Tables(store);
tables.readAll();
await tables.batch(() => tables.put(KEY, Buffer.alloc(2 ** 16), 0));
await tables.batch(() => tables.remove(KEY, 0));
await tables.close();
