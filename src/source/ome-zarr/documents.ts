import { type Identity, joinIdentities } from "../identity.ts";
import type { Folder, WholeBlob } from "../types.ts";
import { unreadable } from "../unreadable.ts";

/** Metadata of one group or array; large ones hold thousands of wells. */
export const MAX_DOCUMENT_BYTES = 16 * 2 ** 20;
/** Nesting of JSON that anybody writes by hand or program. */
const MAX_DEPTH = 64;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** The metadata documents of a hierarchy, each read once; together they are the image's identity. */
export class Documents {
  readonly #folder: Folder;
  readonly #identities: Identity[] = [];
  /** Documents that came ahead of their time. */
  readonly #fetched = new Map<string, WholeBlob | null>();
  /** Documents that stand in another one, by what is left of their path. */
  readonly #consolidated: { readonly values: JsonObject; readonly nameOf: (path: string) => string | null }[] = [];

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  get identity(): Identity {
    return joinIdentities(this.#identities);
  }

  /** Several documents in one round trip, for reads that follow; those that are not read are no part of the identity. */
  async fetch(paths: readonly string[]): Promise<void> {
    const found = await Promise.all(paths.map((path) => this.#folder.get(path, MAX_DOCUMENT_BYTES)));
    paths.forEach((path, index) => {
      this.#fetched.set(path, found[index] ?? null);
    });
  }

  /** Documents below a group are read from its consolidated metadata; `nameOf` their paths in `values`, null: not there. */
  consolidate(values: Json | undefined, nameOf: (path: string) => string | null): void {
    // They stay where they are: there may be any number of them, and an image has a few.
    if (isObject(values)) this.#consolidated.push({ values, nameOf });
  }

  /** Null where there is no such document; SOURCE_UNREADABLE for one that is no JSON object. */
  async read(path: string): Promise<JsonObject | null> {
    const known = this.#inAnother(path);
    if (known) return known;
    const ahead = this.#fetched.get(path);
    const found = ahead === undefined ? await this.#folder.get(path, MAX_DOCUMENT_BYTES) : ahead;
    if (!found) return null;
    this.#identities.push(found.identity);
    const name = path.slice(path.lastIndexOf("/") + 1);
    const text = new TextDecoder().decode(found.bytes);
    if (depthOf(text) > MAX_DEPTH) throw unreadable(`its ${name} is nested too deeply`);
    const value = parse(text, name);
    if (!isObject(value)) throw unreadable(`its ${name} is no JSON object`);
    return value;
  }

  #inAnother(path: string): JsonObject | null {
    for (const { values, nameOf } of this.#consolidated) {
      const name = nameOf(path);
      const value = name !== null && Object.hasOwn(values, name) ? values[name] : undefined;
      if (isObject(value)) return value;
    }
    return null;
  }
}

/** NaN and Infinity stand in files of Python's, which JSON does not have: as texts they mean the same in a fill value. */
function parse(text: string, name: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    try {
      return JSON.parse(text.replace(/([:[,]\s*)(-?Infinity|NaN)(?=\s*[,\]}])/g, '$1"$2"')) as Json;
    } catch {
      throw unreadable(`its ${name} is no JSON`, error);
    }
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Brackets within brackets, those in strings aside. */
function depthOf(text: string): number {
  let [depth, most, inString] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (inString) {
      if (char === "\\") at++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === "[" || char === "{") most = Math.max(most, ++depth);
    else if (char === "]" || char === "}") depth--;
  }
  return most;
}

/** What is left of a path below a folder; null: it lies elsewhere. */
export function pathBelow(folder: string, path: string): string | null {
  if (folder === "") return path;
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : null;
}

/** `a/b` of a folder as a folder. */
export function joinPath(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("/");
}
