import { BandloomError } from "../core/errors.ts";

/** Of work that took longer than one job may. */
export class Overrun extends BandloomError {
  constructor(deadlineMs: number) {
    super(
      "LIMIT_EXCEEDED",
      `The work was stopped after ${deadlineMs / 1000} seconds. Ask for a smaller region, a coarser level or a simpler formula.`,
    );
  }
}
