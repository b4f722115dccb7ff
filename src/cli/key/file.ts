import {
  chmodSync,
  chownSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { type Document, isMap, isSeq, parseDocument, YAMLMap, YAMLSeq } from "yaml";
import { type AccessRules, parseRules, RulesProblem } from "../../access/index.ts";
import { BandloomError } from "../../core/errors.ts";
import type { Settings } from "../config/settings.ts";
import { isSystemError } from "../failure.ts";

/** Of a file that is made here: hashes of keys are nobody's business, though no key can be told from one. */
const NEW_MODE = 0o600;

/** A key as the file has it. */
export interface KeyEntry {
  readonly name: string;
  readonly hash: string;
  readonly read: readonly string[];
  readonly scopes: readonly string[];
}

/** The file of rules that the settings name. BAD_REQUEST where they name none. */
export function rulesPath({ access }: Pick<Settings, "access">): string {
  if (access !== null) return access;
  throw new BandloomError("BAD_REQUEST", "Name the file of rules with --access or BANDLOOM_ACCESS.");
}

/** NOT_FOUND where there is no file, BAD_REQUEST where it cannot be used. */
export function readRules(path: string): AccessRules {
  if (existsSync(path)) return rulesIn(readFileSync(path, "utf8"), path);
  throw new BandloomError("NOT_FOUND", `There is no file of rules ${path}. \`bandloom key create\` makes one.`);
}

/** Adds a key. A file that is not there is made. */
export function addKey(path: string, entry: KeyEntry): void {
  change(path, (document) => {
    const keys = document.get("keys");
    const list = isSeq(keys) ? keys : new YAMLSeq();
    list.add(document.createNode(entry, { flow: true }));
    if (list !== keys) document.set("keys", list);
  });
}

/** Takes out what has this name. */
export function removeKey(path: string, name: string): void {
  change(path, (document) => {
    const keys = document.get("keys");
    if (isSeq(keys)) keys.items = keys.items.filter((item) => !isMap(item) || item.get("name") !== name);
  });
}

/** Lines to paste where there is no file. */
export function entryLines(entry: KeyEntry): string {
  const document = open("");
  document.set("keys", [document.createNode(entry, { flow: true })]);
  return textOf(document);
}

/** Numbers and dates stay as somebody wrote them. */
function open(text: string): Document {
  const document: Document = parseDocument(text, { schema: "failsafe", logLevel: "error" });
  document.contents ??= new YAMLMap();
  return document;
}

function textOf(document: Document): string {
  return document.toString({ lineWidth: 0 });
}

function rulesIn(text: string, path: string): AccessRules {
  try {
    return parseRules(text);
  } catch (error) {
    if (!(error instanceof RulesProblem)) throw error;
    throw new BandloomError("BAD_REQUEST", `The file of rules ${path}, ${error.message}.`, { cause: error });
  }
}

/**
 * Moved into its place whole, with the mode and the owner of the one before: a server never meets half of it. The file beside it keeps out
 * who would change it at the same time.
 */
function change(path: string, edit: (document: Document) => void): void {
  // What a link leads to is replaced, and not the link.
  const target = existsSync(path) ? realpathSync(path) : path;
  const fresh = `${target}.new`;
  const stats = statSync(target, { throwIfNoEntry: false });
  const mode = stats ? stats.mode & 0o777 : NEW_MODE;
  claim(fresh, mode);
  try {
    // Whatever the process masks.
    chmodSync(fresh, mode);
    writeFileSync(fresh, edited(path, stats !== undefined, edit), { flush: true });
    const { uid, gid } = statSync(fresh);
    if (stats && (uid !== stats.uid || gid !== stats.gid)) chownSync(fresh, stats.uid, stats.gid);
    renameSync(fresh, target);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

function edited(path: string, exists: boolean, edit: (document: Document) => void): string {
  const text = exists ? readFileSync(path, "utf8") : "";
  // What is empty but for comments is no file of rules yet.
  if (text.replace(/^\s*#.*$/gm, "").trim() !== "") rulesIn(text, path);
  const document = open(text);
  edit(document);
  const result = textOf(document);
  rulesIn(result, path);
  return result;
}

function claim(fresh: string, mode: number): void {
  try {
    writeFileSync(fresh, "", { flag: "wx", mode });
  } catch (error) {
    if (!isSystemError(error) || error.code !== "EEXIST") throw error;
    const message = `${fresh} exists: another command changes the file of rules, or was ended while it did. Try again; remove it if it stays.`;
    throw new BandloomError("SOURCE_FAILED", message, { cause: error });
  }
}
