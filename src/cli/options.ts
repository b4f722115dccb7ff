import { BandloomError } from "../core/errors.ts";

/** BAD_REQUEST for what is no whole number of the range, naming the option. */
export function wholeNumberOption(
  option: string,
  text: string,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= from && value <= to) return value;
  const given = JSON.stringify(text.slice(0, 40));
  throw new BandloomError(
    "BAD_REQUEST",
    `${option} ${given} cannot be used. Write a whole number from ${from} to ${to}.`,
  );
}
