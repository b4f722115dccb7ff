import type { PixelSize } from "../../types.ts";
import { finiteNumber } from "./xml.ts";

/** Microns per pixel of an Aperio slide (SVS): `Aperio … |AppMag = 20|MPP = 0.4990`. Null: it is another text, or tells none. */
export function aperioPixelSize(text: string): PixelSize | null {
  if (!text.startsWith("Aperio")) return null;
  const size = finiteNumber(/\|\s*MPP\s*=([^|\r\n]*)/.exec(text)?.[1]);
  return size !== null && size > 0 ? { x: size, y: size, unit: "µm" } : null;
}
