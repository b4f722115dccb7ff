import { valueRange } from "../../core/dtype.ts";
import type { RewriteTools } from "../functions/row.ts";
import { MEASURES } from "../measures.ts";
import { isWholeNumber } from "../whole.ts";
import type { ExprBuilder } from "./builder.ts";
import { channelsOf, displayWindow } from "./window.ts";

/** How rows that rewrite themselves build what they become. */
export function rewriteTools(builder: ExprBuilder): RewriteTools {
  return {
    constant: (value) => builder.constant(value),
    call: (name, args) => builder.named(name, args),
    ground: builder.scope.ground ?? null,
    channel: (expr) => {
      if (expr.kind !== "channel" && expr.kind !== "placed") return null;
      const { info } = builder.infoOf(expr);
      const range = info.dataType.startsWith("float") ? (info.window ?? null) : valueRange(info.dataType);
      return { scale: info.scale, offset: info.offset, range, unit: info.unit ?? null };
    },
    isWhole: (expr) =>
      isWholeNumber(expr, (leaf) => {
        if (leaf.kind !== "channel" && leaf.kind !== "placed") return false;
        const isResampled = leaf.kind === "placed" && !leaf.placement.nearest;
        return !isResampled && !builder.infoOf(leaf).info.dataType.startsWith("float");
      }),
    sampled: (expr) => builder.sampled(expr),
    planes: (expr) => {
      if (expr.kind !== "channel" && expr.kind !== "placed") return null;
      const { depth } = builder.infoOf(expr).image;
      return Array.from({ length: depth }, (_, z) => builder.onPlane(expr, z, expr.t));
    },
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
