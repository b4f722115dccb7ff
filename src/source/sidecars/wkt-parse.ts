import { unreadable } from "../unreadable.ts";

/** An element of WKT (OGC 01-009, ISO 19162): `PROJCS["name", …]`. */
export interface WktNode {
  /** In capitals. */
  readonly keyword: string;
  readonly values: readonly WktValue[];
}

/** Texts and bare words, numbers, elements. */
export type WktValue = string | number | WktNode;

/** Of real systems some thousand. */
const MAX_LENGTH = 65_536;
const MAX_DEPTH = 32;
const TOKEN =
  /\s*(?:"((?:[^"]|"")*)"|([A-Za-z_][A-Za-z0-9_]*)|([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([[\](),]))/y;

/** SOURCE_UNREADABLE for what is no WKT, or is too long or too deep. */
export function parseWkt(text: string): WktNode {
  if (text.length > MAX_LENGTH) throw unreadable(`its WKT has more than ${MAX_LENGTH} characters`);
  const reader = new Reader(text);
  const root = reader.value(0);
  if (typeof root !== "object") throw noWkt();
  return root;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** value := text | number | word [ "[" value { "," value } "]" ] */
  value(depth: number): WktValue {
    if (depth > MAX_DEPTH) throw unreadable("its WKT is nested too deep");
    const [, text, word, number] = this.#next();
    if (text !== undefined) return text.replaceAll('""', '"');
    if (number !== undefined) return Number(number);
    if (word === undefined) throw noWkt();
    return this.#skip("[(") ? { keyword: word.toUpperCase(), values: this.#list(depth + 1) } : word;
  }

  #list(depth: number): readonly WktValue[] {
    const values: WktValue[] = [];
    do values.push(this.value(depth));
    while (this.#skip(","));
    if (!this.#skip("])")) throw noWkt();
    return values;
  }

  /** Whether one of these characters comes next, which is passed then. */
  #skip(characters: string): boolean {
    const before = this.#at;
    TOKEN.lastIndex = before;
    const sign = TOKEN.exec(this.#text)?.[4];
    if (sign === undefined || !characters.includes(sign)) return false;
    this.#at = TOKEN.lastIndex;
    return true;
  }

  #next(): RegExpExecArray {
    TOKEN.lastIndex = this.#at;
    const found = TOKEN.exec(this.#text);
    if (!found) throw noWkt();
    this.#at = TOKEN.lastIndex;
    return found;
  }
}

function noWkt() {
  return unreadable("its reference system is no WKT");
}

export function child({ values }: WktNode, ...keywords: readonly string[]): WktNode | null {
  return children({ values }, ...keywords)[0] ?? null;
}

export function children({ values }: Pick<WktNode, "values">, ...keywords: readonly string[]): readonly WktNode[] {
  return values.filter((one): one is WktNode => typeof one === "object" && keywords.includes(one.keyword));
}

/** The first value, where it is a text. */
export function nameOf(node: WktNode | null): string {
  const name = node?.values[0];
  return typeof name === "string" ? name : "";
}

/** The second value, where it is a finite number. */
export function numberOf(node: WktNode | null): number | null {
  const value = node?.values[1];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
