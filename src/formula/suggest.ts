import { distance } from "fastest-levenshtein";

/** Longer names are not compared: the cost is quadratic, and nobody misspells that much. */
const LONGEST = 64;
/** So many names are compared at most. */
const MOST_NAMES = 1000;

/** Up to three known names that a misspelt one may have meant, nearest first: at most a third of its letters differ. */
export function suggest(name: string, known: readonly string[]): readonly string[] {
  if (name.length > LONGEST) return [];
  const allowed = Math.max(1, Math.floor(name.length / 3));
  return known
    .slice(0, MOST_NAMES)
    .filter((one) => one.length <= LONGEST)
    .map((one) => ({ one, steps: distance(name.toLowerCase(), one.toLowerCase()) }))
    .filter(({ steps }) => steps <= allowed && steps < name.length)
    .sort((a, b) => a.steps - b.steps || (a.one < b.one ? -1 : 1))
    .slice(0, 3)
    .map(({ one }) => one);
}
