import { valueRange } from "../../core/dtype.ts";
import { given } from "../functions/define.ts";
import type { RewriteTools } from "../functions/row.ts";
import { MEASURES } from "../measures.ts";
import type { ExprBuilder } from "./builder.ts";
import { channelsOf, displayWindow } from "./window.ts";

/** How rows that rewrite themselves build what they become. */
export function rewriteTools(builder: ExprBuilder): RewriteTools {
  const { scope } = builder;
  return {
    constant: (value) => builder.constant(value),
    call: (name, args) => builder.named(name, args),
    channel: (expr) => {
      if (expr.kind !== "channel") return null;
      const info = given(scope.channels[expr.channel]);
      const range = info.dataType.startsWith("float") ? (info.window ?? null) : valueRange(info.dataType);
      return { scale: info.scale, offset: info.offset, range };
    },
    planes: (expr) =>
      expr.kind === "channel"
        ? Array.from({ length: scope.depth }, (_, z) => builder.channel(expr.channel, z, expr.t))
        : null,
    window: (expr, percentiles) =>
      percentiles === undefined || channelsOf(expr).length === 0
        ? displayWindow(builder, expr)
        : builder.measured("stretch", expr, percentiles),
    measured: (measure, expr, parameters) => {
      if (channelsOf(expr).length > 0) return builder.measured(measure, expr, parameters);
      // All pixels are the same.
      if (measure === "stddev") return builder.constant(0);
      return MEASURES[measure].type === "shade" ? displayWindow(builder, expr) : expr;
    },
  };
}
