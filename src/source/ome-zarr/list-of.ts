import { z } from "zod";

interface ListRules {
  readonly least?: number;
  readonly most: number;
  /** In place of what is said where there is no list. */
  readonly missing?: string;
}

/** A list whose length is looked at before its items: a document has room for millions of them. */
export function listOf<Item extends z.ZodType>(item: Item, { least = 0, most, missing }: ListRules) {
  return z
    .unknown()
    .refine((value) => !Array.isArray(value) || value.length <= most, `expected at most ${most} items`)
    .pipe(z.array(item, missing).min(least));
}
