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
  /** Documents that stand in another one. */
  readonly #consolidated = new Map<string, JsonObject>();

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

  /** Takes documents below a group out of its consolidated metadata; `values` by path. */
  consolidate(values: Json | undefined, pathOf: (name: string) => string): void {
    if (!isObject(values)) return;
    for (const [name, value] of Object.entries(values))
      if (isObject(value)) this.#consolidated.set(pathOf(name), value);
  }

  /** Null where there is no such document; SOURCE_UNREADABLE for one that is no JSON object. */
  async read(path: string): Promise<JsonObject | null> {
    const known = this.#consolidated.get(path);
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

/** `a/b` of a folder as a folder. */
export function joinPath(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("/");
}
