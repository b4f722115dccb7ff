import { BandloomError } from "../core/errors.ts";
import type { MeasuredWork } from "../service/types/measure.ts";
import { measurePrice } from "./guards/price.ts";

/** As answers tell it, in `extensions.cost`. The first two have the names that Shopify gave them. */
export interface ToldCost {
  /** As the text of the operation told it, before anything was done. */
  readonly requestedQueryCost: number;
  /** What was done, or begun. */
  readonly actualQueryCost: number;
  readonly limit: number;
  /** Of the limit. The next operation has all of it again. */
  readonly left: number;
}

/** What one operation may cost. A field takes its price before it begins: formulas and images tell what the text of an operation does not. */
export class QueryBudget {
  readonly #limit: number;
  #requested = 0;
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What the text told, and the part of it that no field takes later. */
  request(cost: number, printed: number): void {
    this.#requested = cost;
    this.#taken += printed;
  }

  /** LIMIT_EXCEEDED where less is left; then nothing is taken, and fields that cost less may still be answered. */
  take(price: number): void {
    const cost = Math.ceil(price);
    const left = this.#limit - this.#taken;
    if (cost > left) {
      const message =
        `This field costs ${cost}, and of the ${this.#limit} of an operation ${left} are left. Ask for it in another operation, ` +
        "or for less: fewer tiles, a smaller region, a coarser level, a simpler formula; url in place of base64.";
      throw new BandloomError("LIMIT_EXCEEDED", message, { details: { cost, limit: this.#limit, left } });
    }
    this.#taken += cost;
  }

  /** Takes the price of what is to be measured. */
  readonly pay = (work: readonly MeasuredWork[]): void => {
    if (work.length > 0) this.take(work.reduce((sum, one) => sum + measurePrice(one), 0));
  };

  /** Null: it costs nothing. */
  told(): ToldCost | null {
    if (this.#requested + this.#taken === 0) return null;
    const left = Math.max(0, this.#limit - this.#taken);
    return { requestedQueryCost: this.#requested, actualQueryCost: this.#taken, limit: this.#limit, left };
  }
}
