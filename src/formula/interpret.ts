import type { Expr } from "./expr.ts";
import type { Value } from "./functions/row.ts";
import { nearestEven, numberOps } from "./ops-number.ts";

/** Value of a channel at the pixel in question: float32, NaN where there is no data. */
export type ReadChannel = (channel: number, z: number, t: number) => number;

/**
 * The value of an expression at one pixel, float32 components; no data and infinities are NaN. The slow reference that compiled
 * kernels are held against, and good for single pixels. Throws where a window is still open.
 */
export function interpret(expr: Expr, read: ReadChannel): readonly number[] {
  return evaluate(expr, read).map(finite);
}

function evaluate(expr: Expr, read: ReadChannel): Value<number> {
  const done = new Map<Expr, Value<number>>();
  const visit = (node: Expr): Value<number> => {
    const known = done.get(node);
    if (known) return known;
    const value = once(node);
    done.set(node, value);
    return value;
  };
  const once = (node: Expr): Value<number> => {
    switch (node.kind) {
      case "const":
        return [node.value];
      case "channel":
        return [Math.fround(read(node.channel, node.z, node.t))];
      case "call":
        return node.row.evaluate(numberOps, node.args.map(visit), { options: node.options, args: node.args });
      case "measured":
        throw new Error("A formula is evaluated after its windows are decided.");
    }
  };
  return visit(expr);
}

export type ByteOutput = "gray8" | "rgb8" | "rgba8";

/**
 * Bytes of one pixel of a picture: nearest-even(255 · component). No data is 0 in gray8, black in rgb8 (which lies over
 * black), four zeros in rgba8.
 */
export function interpretBytes(expr: Expr, output: ByteOutput, read: ReadChannel): readonly number[] {
  const value = evaluate(expr, read);
  const valid = value.every(Number.isFinite);
  if (output === "gray8") {
    if (value.length !== 1) throw new Error("gray8 shows a shade, not a color.");
    return [valid ? byte(value[0]) : 0];
  }
  const [r, g, b] = value.length === 1 ? [value[0], value[0], value[0]] : value;
  const alpha = value.length === 4 ? value[3] : null;
  if (output === "rgb8") {
    if (!valid) return [0, 0, 0];
    return [r, g, b].map((one) => byte(alpha === null ? one : Math.fround(unit(one) * unit(alpha))));
  }
  const opacity = byte(alpha ?? 1);
  return valid && opacity > 0 ? [byte(r), byte(g), byte(b), opacity] : [0, 0, 0, 0];
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}

function unit(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}

function byte(component: number): number {
  return nearestEven(Math.min(Math.max(Math.fround(component * 255), 0), 255));
}
