import { distance } from "fastest-levenshtein";

/** " Did you mean …?" for a name that is a slip of the finger away from a known one, else nothing. */
export function closest(name: string, known: readonly string[]): string {
  const [best] = known
    .map((other) => ({ other, errors: distance(name, other) }))
    .toSorted((a, b) => a.errors - b.errors);
  return best && best.errors <= Math.max(2, name.length / 4) ? ` Did you mean ${best.other}?` : "";
}
