import type { PixelSize } from "../../types.ts";

/** What Zeiss's LSM tells of a stack (its tag 34412, by the format's description of 2006). */
export interface LsmStack {
  readonly depth: number;
  readonly times: number;
  readonly pixelSize: PixelSize | null;
}

/** Of versions 1.3, and 1.5 to 6.0. */
const MAGICS: readonly number[] = [0x0300494c, 0x0400494c];
const END = 56;
const MAX_SIZE = 1_000_000;
const MICROMETERS = 1e6;

/** Null: it is none, or its sizes cannot be. Files are little-endian, whatever reads them. */
export function parseLsm(bytes: Uint8Array): LsmStack | null {
  if (bytes.length < END) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [depth, times] = [view.getInt32(16, true), view.getInt32(24, true)];
  const isSize = (size: number) => size >= 1 && size <= MAX_SIZE;
  if (!MAGICS.includes(view.getUint32(0, true)) || !isSize(depth) || !isSize(times)) return null;
  // In meters.
  const [x, y] = [view.getFloat64(40, true) * MICROMETERS, view.getFloat64(48, true) * MICROMETERS];
  const isLength = x > 0 && y > 0 && Number.isFinite(x + y);
  return { depth, times, pixelSize: isLength ? { x, y, unit: "µm" } : null };
}
