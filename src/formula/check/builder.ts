import { valueRange } from "../../core/dtype.ts";
import type { ChannelExpr, ConstExpr, Expr, FormulaType, Interval, MeasuredExpr, PlacedExpr } from "../expr.ts";
import { given } from "../functions/define.ts";
import type { FunctionRow, Value } from "../functions/row.ts";
import { findRow } from "../functions/table.ts";
import { interval } from "../interval.ts";
import { MEASURES, type MeasureName } from "../measures.ts";
import { numberOps } from "../ops-number.ts";
import { type Placement, placementText } from "../placement.ts";
import { chains, printCall, printNumber } from "../print.ts";
import type { FormulaScope, ScopeChannel, ScopeImage } from "../scope.ts";
import { channelText } from "./names.ts";

/**
 * Makes expressions in canonical form: equal ones are one object, constants are folded, commutative operands ordered. Only
 * rewrites that leave every float32 result bit-identical.
 */
export class ExprBuilder {
  readonly scope: FormulaScope;
  readonly #known = new Map<string, Expr>();
  readonly #structures = new Map<Expr, string>();
  /** Samples of expressions: a `let` may be asked for them again and again. */
  readonly #sampled = new Map<Expr, Expr>();

  constructor(scope: FormulaScope) {
    this.scope = scope;
  }

  constant(value: number): Expr {
    const rounded = Math.fround(value);
    const nan = Number.isNaN(rounded);
    const bounds = nan ? interval(0, 0, true) : interval(rounded, rounded, false);
    return this.#shared<ConstExpr>({
      kind: "const",
      type: "number",
      value: rounded,
      text: printNumber(rounded),
      interval: bounds,
      size: 1,
    });
  }

  channel(index: number, z: number, t: number, nearest = false): Expr {
    const info = given(this.scope.channels[index]);
    const sampled = nearest && !info.categorical;
    const text = channelText(this.scope, index, z, t);
    return this.#shared<ChannelExpr>({
      kind: "channel",
      type: "number",
      channel: index,
      z,
      t,
      sampled,
      text: sampled ? `nearest(${text})` : text,
      interval: boundsOf(info),
      size: 1,
    });
  }

  /** A channel of another image of the scope. Beyond its edges there is no data. Between two codes lies a third that means something else. */
  placed(written: Placement, channel: number, z: number, t: number): Expr {
    const image = this.imageOf(written);
    const placement = given(image.channels[channel]).categorical ? { ...written, nearest: true } : written;
    return this.#shared<PlacedExpr>({
      ...{ kind: "placed", type: "number", placement, channel, z, t },
      text: `${placementText(placement)}.${channelText(image, channel, z, t)}`,
      interval: { ...boundsOf(given(image.channels[channel])), nan: true },
      size: 2,
    });
  }

  /** The same channel of the same image on another plane. */
  onPlane(expr: ChannelExpr | PlacedExpr, z: number, t: number): Expr {
    if (expr.kind === "channel") return this.channel(expr.channel, z, t, expr.sampled);
    return this.placed(expr.placement, expr.channel, z, t);
  }

  /** The same expression of samples: no channel of it is averaged, neither for coarser levels nor between pixels. */
  sampled(expr: Expr): Expr {
    const known = this.#sampled.get(expr);
    if (known) return known;
    const made = this.#sampledOnce(expr);
    this.#sampled.set(expr, made).set(made, made);
    return made;
  }

  #sampledOnce(expr: Expr): Expr {
    switch (expr.kind) {
      case "const":
        return expr;
      case "channel":
        return this.channel(expr.channel, expr.z, expr.t, true);
      case "placed":
        return this.placed({ ...expr.placement, nearest: true }, expr.channel, expr.z, expr.t);
      case "measured":
        return this.measured(expr.measure, this.sampled(expr.argument), expr.parameters);
      case "call":
        return this.call(
          expr.row,
          expr.args.map((one) => this.sampled(one)),
          expr.options,
        );
    }
  }

  imageOf({ image }: Placement): ScopeImage {
    return image === this.scope.key ? this.scope : given(this.scope.images?.get(image));
  }

  /** The image that a channel is of, and what it tells of the channel. */
  infoOf(expr: ChannelExpr | PlacedExpr): { readonly image: ScopeImage; readonly info: ScopeChannel } {
    const image = expr.kind === "channel" ? this.scope : this.imageOf(expr.placement);
    return { image, info: given(image.channels[expr.channel]) };
  }

  measured(measure: MeasureName, argument: Expr, parameters: readonly number[] = []): Expr {
    const { type, interval: bounds } = MEASURES[measure];
    return this.#shared<MeasuredExpr>({
      ...{ kind: "measured", measure, argument, parameters, type },
      text: `${measure}(${[argument.text, ...parameters].join(", ")})`,
      interval: bounds(argument.interval),
      size: argument.size + MEASURES[measure].count + 1,
    });
  }

  /** A call by name; the arguments fit the row already. */
  named(name: string, args: readonly Expr[], options: readonly (string | number)[] = []): Expr {
    return this.call(given(findRow(name)), args, options);
  }

  call(row: FunctionRow, args: readonly Expr[], options: readonly (string | number)[] = []): Expr {
    const [only] = args;
    if (row.name === "neg" && only?.kind === "call" && only.row.name === "neg") return given(only.args[0]);
    const ordered = this.#order(row, args);
    const index = normalisedDifference(row, ordered);
    if (index) return this.named("ndi", index);
    const type = typeOf(row, ordered);
    if (type === "number" && ordered.length > 0 && ordered.every((one) => one.kind === "const")) {
      return this.constant(evaluateConstants(row, ordered, options));
    }
    return this.#shared({
      kind: "call",
      row,
      args: ordered,
      options,
      type,
      text: printCall(row, ordered, options),
      interval: row.interval(
        ordered.map((one) => one.interval),
        { args: ordered, options },
      ),
      size: ordered.reduce((sum, one) => sum + one.size, 1),
    });
  }

  /**
   * Constants first, then by structure, then by text: any order would do, as long as it is always the same. But
   * - a sum of sums goes on in front, so that a long one, whatever its names, never becomes a deep nest of parentheses;
   * - the value of a constant decides only between equal structures, so that a new value needs no new kernel.
   */
  #order(row: FunctionRow, args: readonly Expr[]): readonly Expr[] {
    if (row.commutative === undefined || (row.commutative === "pair" && args.length !== 2)) return args;
    const rank = (one: Expr) => (chains(row, one) ? 0 : one.kind === "const" ? 1 : 2);
    return [...args].sort(
      (a, b) => rank(a) - rank(b) || compare(this.#structure(a), this.#structure(b)) || compare(a.text, b.text),
    );
  }

  /** An expression without the values of its constants. */
  #structure(expr: Expr): string {
    const known = this.#structures.get(expr);
    if (known !== undefined) return known;
    const structure = this.#structureOf(expr);
    this.#structures.set(expr, structure);
    return structure;
  }

  #structureOf(expr: Expr): string {
    switch (expr.kind) {
      case "const":
        return "";
      case "channel":
      case "placed":
        return expr.text;
      case "measured":
        return `${expr.measure}(${this.#structure(expr.argument)})`;
      case "call":
        return `${expr.row.name}(${[...expr.args.map((one) => this.#structure(one)), ...expr.options].join()})`;
    }
  }

  #shared<T extends Expr>(made: T): Expr {
    // Text alone does not tell a shade from a number of the same writing: a window that is still open is neither.
    const key = `${made.kind}:${made.text}`;
    const known = this.#known.get(key);
    if (known) return known;
    this.#known.set(key, made);
    return made;
  }
}

function boundsOf({ dataType, nan }: ScopeChannel): Interval {
  const float = dataType.startsWith("float");
  const [min, max] = float ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] : valueRange(dataType);
  return interval(min, max, nan || float);
}

function typeOf(row: FunctionRow, args: readonly Expr[]): FormulaType {
  return typeof row.result === "function" ? row.result(args.map((one) => one.type)) : row.result;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** (a − b) / (a + b) is ndi(a, b): the same operations, with tighter bounds. */
function normalisedDifference(row: FunctionRow, [above, below]: readonly Expr[]): readonly Expr[] | null {
  if (row.name !== "/" || above?.kind !== "call" || below?.kind !== "call") return null;
  if (above.row.name !== "-" || below.row.name !== "+" || above.type === "color") return null;
  const [a, b] = above.args;
  if (a === undefined || b === undefined) return null;
  const same = (x: Expr, y: Expr) => below.args[0] === x && below.args[1] === y;
  return same(a, b) || same(b, a) ? [a, b] : null;
}

function evaluateConstants(row: FunctionRow, args: readonly Expr[], options: readonly (string | number)[]): number {
  const values = args.map((one): Value<number> => [(one as ConstExpr).value]);
  return row.evaluate(numberOps, values, { args, options })[0];
}
