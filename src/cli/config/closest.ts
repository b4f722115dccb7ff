import { distance } from "fastest-levenshtein";

/** Two letters exchanged are two edits. */
const MIN_EDITS = 2;

/** The known names that a misspelt one is nearest to; none when all are far from it. */
export function closest(name: string, known: readonly string[]): readonly string[] {
  const near = known.map((one) => ({ one, edits: distance(name.toLowerCase(), one.toLowerCase()) }));
  const least = Math.min(...near.map(({ edits }) => edits));
  if (least > Math.max(MIN_EDITS, name.length / 3) || least >= name.length) return [];
  return near.filter(({ edits }) => edits === least).map(({ one }) => one);
}
