import type { Expr, PlacedExpr } from "./expr.ts";
import type { Value } from "./functions/row.ts";
import { mirrored, type Pass, type Pitch, passAt, perPixel } from "./neighbourhood.ts";
import { nearestEven, numberOps } from "./ops-number.ts";

/** Value of a channel at the pixel in question, which lies at x, y: float32, NaN where there is no data. */
export type ReadChannel = (channel: number, z: number, t: number, x: number, y: number) => number;

/** Where the pixel in question lies: what neighbourhoods are calculated of. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly pitch: Pitch;
  /** Value of a channel of another image where it lies over the pixel; left out: there are no others. */
  readonly placed?: (channel: PlacedExpr, x: number, y: number) => number;
}

/** A picture of one pixel: all that matters to formulas without neighbourhoods. */
const ALONE: Place = { x: 0, y: 0, width: 1, height: 1, pitch: { x: 1, y: 1 } };

/**
 * The value of an expression at one pixel, float32 components; no data and infinities are NaN. The slow reference that compiled
 * kernels are held against, and good for single pixels. Throws where a window is still open.
 */
export function interpret(expr: Expr, read: ReadChannel, place = ALONE): readonly number[] {
  return evaluate(expr, read, place).map(finite);
}

function evaluate(expr: Expr, read: ReadChannel, place: Place): Value<number> {
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
        return [Math.fround(read(node.channel, node.z, node.t, place.x, place.y))];
      case "placed":
        if (!place.placed) throw new Error("The formula reads other images, and none is given.");
        return [Math.fround(place.placed(node, place.x, place.y))];
      case "call": {
        const [argument] = node.args;
        if (node.row.neighbourhood && argument)
          return [afterPasses(node.row.neighbourhood(node.args), argument, read, place)];
        return node.row.evaluate(numberOps, node.args.map(visit), { options: node.options, args: node.args });
      }
      case "measured":
        throw new Error("A formula is evaluated after its windows are decided.");
    }
  };
  return visit(expr);
}

/** The number that is left when all passes are done, of pixels that the last one asks the one before for. */
function afterPasses(passes: readonly Pass[], argument: Expr, read: ReadChannel, place: Place): number {
  const last = passes.at(-1);
  // Infinities are no data: what a kernel writes of them is NaN.
  if (!last) return finite(evaluate(argument, read, place)[0]);
  return passAt(last, perPixel(last, place.pitch, place.y), (dx, dy) => {
    const neighbour = { ...place, x: mirrored(place.x + dx, place.width), y: mirrored(place.y + dy, place.height) };
    return afterPasses(passes.slice(0, -1), argument, read, neighbour);
  });
}

/** How many components an expression has, 1, 3 or 4, whatever its pixels are: only what makes colors is evaluated. */
export function componentsOf(expr: Expr): number {
  const visit = (node: Expr): Value<number> =>
    node.kind === "call" && node.type === "color"
      ? node.row.evaluate(numberOps, node.args.map(visit), { options: node.options, args: node.args })
      : [0];
  return visit(expr).length;
}

export type ByteOutput = "gray8" | "rgb8" | "rgba8";

/**
 * Bytes of one pixel of a picture: nearest-even(255 · component). No data is 0 in gray8, black in rgb8 (which lies over
 * black), four zeros in rgba8.
 */
export function interpretBytes(expr: Expr, output: ByteOutput, read: ReadChannel, place = ALONE): readonly number[] {
  const value = evaluate(expr, read, place);
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
