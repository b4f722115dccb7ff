import { BandloomError } from "../core/errors.ts";

const WHOLE = /^(?:0|[1-9][0-9]*)$/;

/** 0, 1, 2 … in plain digits, so that one number has one spelling. BAD_REQUEST otherwise; Infinity from 10^309 on. */
export function wholeNumber(text: string, what: string): number {
  if (!WHOLE.test(text))
    throw new BandloomError("BAD_REQUEST", `${what} is a whole number in plain digits, such as 0 or 17.`);
  return Number(text);
}
