import { BandloomError } from "../core/errors.ts";

/** Of work that took longer than one job may. */
export function stopped(deadlineMs: number): BandloomError {
  return new BandloomError(
    "LIMIT_EXCEEDED",
    `The work was stopped after ${deadlineMs / 1000} seconds. Ask for a smaller region, a coarser level or a simpler formula.`,
  );
}
