import type { ChannelExpr, Expr, PlacedExpr } from "../expr.ts";
import { given } from "../functions/define.ts";
import { DEFAULT_PERCENTILES } from "../functions/display.ts";
import { interpret } from "../interpret.ts";
import { nonEmpty } from "../measures.ts";
import type { ExprBuilder } from "./builder.ts";

/**
 * A number as a shade, by the display rules: static bounds inside 0…1 or −1…1; 8-bit channels whose greatest possible
 * value is at least 127 as they are; the file's own window for a bare channel; else percentiles, which only the pixels tell.
 */
export function displayWindow(builder: ExprBuilder, x: Expr): Expr {
  const { min, max } = x.interval;
  if (min >= 0 && max <= 1) return fixed(builder, x, 0, 1);
  if (min >= -1 && max <= 1) return fixed(builder, x, -1, 1);
  const channels = channelsOf(x).map((one) => builder.infoOf(one).info);
  if (channels.length === 0) return sameEverywhere(builder, x);
  const bytes = channels.every((one) => one.dataType === "uint8");
  if (bytes && Number.isFinite(min) && Number.isFinite(max) && max >= 127) return fixed(builder, x, 0, 255);
  const stated = x.kind === "channel" || x.kind === "placed" ? builder.infoOf(x).info.window : undefined;
  if (stated && isWindow(stated.map(Math.fround))) return fixed(builder, x, ...stated);
  return builder.measured("stretch", x, DEFAULT_PERCENTILES);
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
