import type { DataType } from "../../core/dtype.ts";

/** Colour spaces of libvips in which the numbers of a file stay as they are. */
export type Space = "b-w" | "grey16" | "srgb" | "rgb16" | "cmyk";

/** How the samples of a decoded picture lie, and what they are called. */
export interface Colours {
  readonly names: readonly string[];
  readonly dataType: DataType & ("uint8" | "uint16");
  readonly space: Space;
}

/** Null for a picture of more samples than colours are known for. */
export function coloursOf(channels: number, depth: string | undefined, space: string | undefined): Colours | null {
  const isDeep = depth === "ushort";
  const dataType = isDeep ? "uint16" : "uint8";
  if (space === "cmyk") {
    const inks = ["cyan", "magenta", "yellow", "black", "alpha"].slice(0, channels);
    return channels >= 4 && channels <= 5 ? { names: inks, dataType, space: "cmyk" } : null;
  }
  if (channels <= 2) return { names: ["gray", "alpha"].slice(0, channels), dataType, space: isDeep ? "grey16" : "b-w" };
  if (channels > 4) return null;
  return { names: ["red", "green", "blue", "alpha"].slice(0, channels), dataType, space: isDeep ? "rgb16" : "srgb" };
}
