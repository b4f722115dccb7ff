import type { ImageInfo } from "../../source/index.ts";

/** Axes of the arrays: c, y and x always, t and z where there are any. */
export interface Axes {
  readonly names: readonly ("t" | "c" | "z" | "y" | "x")[];
  readonly times: number;
  readonly channels: number;
  readonly depth: number;
}

export function axesOf({ times, depth, channels }: ImageInfo): Axes {
  return {
    names: [...(times > 1 ? (["t"] as const) : []), "c", ...(depth > 1 ? (["z"] as const) : []), "y", "x"],
    ...{ times, depth, channels: channels.length },
  };
}

/** One number an axis, in their order. */
export function perAxis(axes: Axes, values: Readonly<Record<"t" | "c" | "z" | "y" | "x", number>>): readonly number[] {
  return axes.names.map((name) => values[name]);
}

/** Indices of a chunk in the array of its level. */
export function chunkIndices(axes: Axes, plane: number, x: number, y: number): readonly number[] {
  const [c, stack] = [plane % axes.channels, Math.floor(plane / axes.channels)];
  return perAxis(axes, { t: Math.floor(stack / axes.depth), c, z: stack % axes.depth, y, x });
}
