import { KEY_NAME, keyHash, newKey, patternProblem, SCOPES } from "../../access/index.ts";
import { BandloomError } from "../../core/errors.ts";
import type { Settings } from "../config/settings.ts";
import { printable } from "../output/format.ts";
import { addKey, entryLines, type KeyEntry } from "./file.ts";

/** As they stand on the command line. */
interface KeyWish {
  readonly name: string;
  readonly read: readonly string[];
  /** Commas between. */
  readonly scopes: string;
}

/** The key itself alone on stdout; what became of it on stderr. */
export async function printNewKey({ access }: Settings, wish: KeyWish): Promise<void> {
  const key = newKey();
  const entry = entryOf(wish, keyHash(key));
  if (access !== null) addKey(access, entry);
  process.stdout.write(`${key}\n`);
  const kept =
    access === null
      ? `No file of rules is named. Write this into the one of BANDLOOM_ACCESS:\n${entryLines(entry)}`
      : `Its hash is in ${access}; running servers take it within seconds.\n`;
  process.stderr.write(
    `The key ${entry.name} is shown this once: keep it. It is sent as Authorization: Bearer KEY.\n${kept}`,
  );
}

function entryOf({ name, read, scopes: list }: KeyWish, hash: string): KeyEntry {
  if (!KEY_NAME.test(name))
    throw new BandloomError(
      "BAD_REQUEST",
      `${JSON.stringify(printable(name).slice(0, 80))} is no name of a key. Write up to 64 letters, digits, _ . -`,
    );
  for (const pattern of read) {
    const problem = patternProblem(pattern);
    if (problem === null) continue;
    throw new BandloomError("BAD_REQUEST", `--read ${JSON.stringify(printable(pattern).slice(0, 80))} ${problem}`);
  }
  const scopes = [...new Set(list.split(",").map((scope) => scope.trim()))];
  const unknown = scopes.find((scope) => !SCOPES.some((known) => known === scope));
  if (unknown === undefined) return { name, hash, read, scopes };
  throw new BandloomError(
    "BAD_REQUEST",
    `--scopes: ${JSON.stringify(printable(unknown).slice(0, 80))} is no scope. Write some of ${SCOPES.join(", ")}, commas between.`,
  );
}
