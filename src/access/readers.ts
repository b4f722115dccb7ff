import { LRUCache } from "lru-cache";
import { EVERYTHING, type Reader } from "../core/reader.ts";
import { isEverything, matcherOf } from "./patterns.ts";

/** Characters of keys whose decisions are remembered for one reader. */
const REMEMBERED = 2 ** 20;
/** Fewer patterns are tried faster than a decision is found. */
const FEW = 4;

/** What the service of `hook` says of keys that no pattern allows: one answer for each, in order. Rejects never. */
export type Ask = (keys: readonly string[], signal?: AbortSignal) => Promise<readonly boolean[]>;

/** Who may read what one of the patterns matches, and, where there is somebody to `ask`, what is allowed there. */
export function readerOf(patterns: readonly string[], ask: Ask | null): Reader {
  if (patterns.some(isEverything)) return EVERYTHING;
  const allows = remembered(matcherOf(patterns), patterns.length);
  if (ask === null) return { everything: false, mayRead: (keys) => keys.map(allows) };
  return {
    everything: false,
    mayRead: (keys, signal) => {
      const allowed = keys.map(allows);
      return allowed.every(Boolean) ? allowed : withAnswers(keys, allowed, ask, signal);
    },
  };
}

async function withAnswers(
  keys: readonly string[],
  allowed: readonly boolean[],
  ask: Ask,
  signal: AbortSignal | undefined,
): Promise<readonly boolean[]> {
  const open = [...new Set(keys.filter((_, index) => !allowed[index]))];
  const answers = await ask(open, signal);
  const more = new Set(open.filter((_, index) => answers[index]));
  return keys.map((key, index) => allowed[index] === true || more.has(key));
}

function remembered(matches: (key: string) => boolean, patterns: number): (key: string) => boolean {
  if (patterns <= FEW) return matches;
  let decisions: LRUCache<string, boolean> | null = null;
  return (key) => {
    decisions ??= new LRUCache({ maxSize: REMEMBERED, sizeCalculation: (_, { length }) => length + 1 });
    const known = decisions.get(key);
    if (known !== undefined) return known;
    const decision = matches(key);
    decisions.set(key, decision);
    return decision;
  };
}
