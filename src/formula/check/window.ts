import { isFloat, valueRange } from "../../core/dtype.ts";
import type { ChannelExpr, Expr, PlacedExpr } from "../expr.ts";
import { given } from "../functions/define.ts";
import { interpret } from "../interpret.ts";
import { nonEmpty } from "../measures.ts";
import type { ScopeChannel, ScopeImage } from "../scope.ts";
import type { ExprBuilder } from "./builder.ts";

const BYTES = [0, 255] as const;
const COLORS = ["red", "green", "blue"];

/**
 * A number as a shade, by the display rules: static bounds inside 0…1 or −1…1; 8-bit channels whose greatest possible
 * value is at least 127 as they are, but for a bare channel of an image without colors that would be black or white so; else what the pixels tell
 * (`shownRange`), of a bare channel the window that the file states unless it hides them.
 */
export function displayWindow(builder: ExprBuilder, x: Expr): Expr {
  const { min, max } = x.interval;
  if (min >= 0 && max <= 1) return fixed(builder, x, 0, 1);
  if (min >= -1 && max <= 1) return fixed(builder, x, -1, 1);
  const channels = channelsOf(x).map((one) => builder.infoOf(one).info);
  if (channels.length === 0) return sameEverywhere(builder, x);
  const bytes = channels.every((one) => one.dataType === "uint8");
  const asBytes = bytes && Number.isFinite(min) && Number.isFinite(max) && max >= 127;
  if (x.kind !== "channel" && x.kind !== "placed")
    return asBytes ? fixed(builder, x, ...BYTES) : builder.measured("shown", x);
  const { image, info } = builder.infoOf(x);
  const stated = statedWindow(info);
  if (asBytes && !stated && hasColors(image)) return fixed(builder, x, ...BYTES);
  return builder.measured("shown", x, stated ?? (asBytes ? BYTES : []));
}

/** A picture whose darkness is meant. */
function hasColors({ channels }: ScopeImage): boolean {
  return COLORS.every((color) => channels.some(({ name }) => name.toLowerCase() === color));
}

/** Null for one that is none, and for all that the type can hold: nobody chose that. */
function statedWindow({ window, dataType }: ScopeChannel): readonly [low: number, high: number] | null {
  if (!window || !isWindow(window.map(Math.fround))) return null;
  if (isFloat(dataType)) return window;
  const [least, most] = valueRange(dataType);
  return window[0] <= least && window[1] >= most ? null : window;
}

/** What percentiles would give if they looked at pixels: all are the same number, or none is valid. */
function sameEverywhere(builder: ExprBuilder, x: Expr): Expr {
  const [value] = interpret(x, () => Number.NaN);
  const [low, high] = value === undefined || Number.isNaN(value) ? [0, 1] : nonEmpty(value, value);
  return fixed(builder, x, low, high);
}

function isWindow([low, high]: readonly number[]): boolean {
  return Number.isFinite(low) && Number.isFinite(high) && given(low) < given(high);
}

export function fixed(builder: ExprBuilder, x: Expr, low: number, high: number): Expr {
  return builder.named("window", [x, builder.constant(low), builder.constant(high)]);
}

/** Distinct channels below an expression, those of other images among them, in order of appearance. */
export function channelsOf(root: Expr): readonly (ChannelExpr | PlacedExpr)[] {
  const seen = new Set<Expr>();
  const found: (ChannelExpr | PlacedExpr)[] = [];
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    if (expr.kind === "channel" || expr.kind === "placed") found.push(expr);
    else if (expr.kind === "measured") visit(expr.argument);
    else if (expr.kind === "call") expr.args.forEach(visit);
  };
  visit(root);
  return found;
}
