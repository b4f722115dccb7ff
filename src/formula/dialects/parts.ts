import { BandloomError } from "../../core/errors.ts";
import { normaliseColour } from "../colour.ts";
import { printNumber } from "../print.ts";
import { shown } from "../problem.ts";

export function untranslatable(what: string): BandloomError {
  return new BandloomError(
    "BAD_REQUEST",
    `${what} This part has no counterpart: leave it out, or write the formula by hand.`,
  );
}

export function numberIn(text: string, what: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw untranslatable(`${what} is a number, and "${shown(text)}" is none.`);
}

/** A channel by its number, from 1. */
export function channel(text: string): string {
  if (/^[1-9]\d{0,5}$/.test(text)) return `@${text}`;
  throw untranslatable(`Channels are numbered from 1, and "${shown(text)}" is no such number.`);
}

/** `window(@1, 0, 255)`, or the channel itself where the ends are not known. */
export function windowed(of: string, low: number | null, high: number | null): string {
  return low === null || high === null
    ? of
    : `window(${of}, ${printNumber(Math.fround(low))}, ${printNumber(Math.fround(high))})`;
}

/** A colour with or without its #, as a text in quotes. */
export function colour(text: string): string {
  const found = normaliseColour(text) ?? normaliseColour(`#${text}`) ?? normaliseColour(`#${text.slice(0, 6)}`);
  if (found) return JSON.stringify(found);
  throw untranslatable(`"${shown(text)}" is no colour.`);
}

/** One layer as it is, several by a blend. */
export function blended(layers: readonly string[], blend: string): string {
  const [only] = layers;
  if (only === undefined) throw untranslatable("It shows no channel.");
  return layers.length === 1 ? only : `${blend}(${layers.join(", ")})`;
}
