import type { Interval } from "../expr.ts";
import { anyNan, interval } from "../interval.ts";
import { atan2, cos, sin, tan } from "../math/index.ts";
import { first, noDataOf, number, unary } from "./define.ts";
import type { FunctionRow } from "./row.ts";

const wave = (x: Interval) => interval(-1, 1, x.nan || !Number.isFinite(x.min) || !Number.isFinite(x.max));

export const trigonometryRows: readonly FunctionRow[] = [
  unary("trigonometry", {
    name: "sin",
    help: "Sine of radians.",
    example: "sin(red / 40)",
    cost: 16,
    interval: wave,
    apply: sin,
  }),
  unary("trigonometry", {
    name: "cos",
    help: "Cosine of radians.",
    example: "cos(red / 40)",
    cost: 16,
    interval: wave,
    apply: cos,
  }),
  unary("trigonometry", {
    name: "tan",
    help: "Tangent of radians.",
    example: "tan(red / 200)",
    cost: 20,
    interval: (x) => interval(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, wave(x).nan),
    apply: tan,
  }),
  {
    name: "atan2",
    aliases: ["arctan2"],
    category: "trigonometry",
    parameters: [number("y"), number("x")],
    help: "Angle of the point (x, y) in radians, −π … π.",
    example: "atan2(red - 128, green - 128)",
    cost: 24,
    result: "number",
    interval: (args) => interval(-3.1415927410125732, 3.1415927410125732, anyNan(args)),
    evaluate: (ops, [y, x]) => [noDataOf(ops, atan2(ops, first(y), first(x)), [first(y), first(x)])],
  },
];
