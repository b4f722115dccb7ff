import { findRow } from "../functions/table.ts";
import type { Token } from "./token.ts";

/** What people write who come from other languages, and how it is written here. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ["and", "and is written &&, as in red > 40 && green > 40."],
  ["or", "or is written ||, as in red > 40 || green > 40."],
  ["not", "not is written !, as in !(red > 40)."],
  ["if", "A choice is written red > 40 ? red : 0, or if(red > 40, red, 0)."],
  ["then", "A choice is written red > 40 ? red : 0, or if(red > 40, red, 0)."],
  ["else", "A choice is written red > 40 ? red : 0, or if(red > 40, red, 0)."],
]);

/** Words of rio-color's formulas, which TiTiler's color_formula takes. */
const RIO_COLOR = ["gamma", "saturation", "sigmoidal"];
/** Bands of such a formula. */
const BANDS = /^[rgb]{1,3}$/i;

/** A habit of another language where a token follows another one and no operator stands between them; null for none known. */
export function habitBetween(before: Token, token: Token): string | null {
  if (before.kind !== "name") return WORDS.get(token.text) ?? null;
  const word = before.text.toLowerCase();
  if (RIO_COLOR.includes(word) && (token.kind === "number" || BANDS.test(token.text)))
    return "This is a colour formula of rio-color. Here functions go around a colour: sigmoid(saturate(gamma(rgb(red, green, blue), 3.5), 1.7), 15, 0.35).";
  const known = WORDS.get(word) ?? WORDS.get(token.text);
  if (known) return known;
  const row = findRow(before.text);
  return row ? `${before.text} is called with parentheses, as in ${row.example}.` : null;
}
