import { canonicalUnit } from "./length-unit.ts";
import { finiteNumber } from "./xml.ts";

/** What ImageJ writes into the ImageDescription of a stack. */
export interface ImageJStack {
  readonly channels: number;
  readonly slices: number;
  readonly frames: number;
  /** Of the resolution tags; null: pixels have no size. */
  readonly unit: string | null;
  /** How several channels are shown: as a merge, one in its color, or one in gray; null: not said. */
  readonly mode: ImageJMode | null;
  /** The display range of what was shown, in stored values. */
  readonly range: readonly [low: number, high: number] | null;
  /** A function turns its stored values into others: optical densities, or signed numbers. */
  readonly isCalibrated: boolean;
}

const MODES = ["composite", "color", "grayscale"] as const;
export type ImageJMode = (typeof MODES)[number];

const MAX_PLANES = 1_000_000;

/** Lines of `key=value` after a first that begins with `ImageJ=`; null for any other text, or sizes that contradict each other. */
export function parseImageJ(text: string): ImageJStack | null {
  if (!text.startsWith("ImageJ=")) return null;
  const values = new Map(
    text.split(/\r?\n/).flatMap((line): [string, string][] => {
      const at = line.indexOf("=");
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
  const count = (key: string) => finiteNumber(values.get(key)) ?? 1;
  const [images, channels, frames] = [count("images"), count("channels"), count("frames")];
  // A stack without dimensions is one along z.
  const slices = values.has("slices") || channels * frames > 1 ? count("slices") : images;
  const whole = [channels, slices, frames].every((value) => Number.isInteger(value) && value >= 1);
  if (!whole || channels * slices * frames !== images || images > MAX_PLANES) return null;
  // Letters beyond ASCII are escaped as in Java.
  const plain = (_: string, code: string) => String.fromCharCode(Number.parseInt(code, 16));
  const unit = canonicalUnit((values.get("unit") ?? "").replace(/\\u([0-9a-f]{4})/gi, plain));
  const named = unit === "" || /^pixels?$/i.test(unit) ? null : unit;
  return {
    ...{ channels, slices, frames, unit: named },
    mode: MODES.find((one) => one === values.get("mode")?.trim()) ?? null,
    range: displayRange(finiteNumber(values.get("min")), finiteNumber(values.get("max"))),
    isCalibrated: values.has("cf"),
  };
}

/** Null for ends that are missing, not finite or in the wrong order. */
export function displayRange(low: number | null, high: number | null): ImageJStack["range"] {
  return low !== null && high !== null && Number.isFinite(high - low) && low < high ? [low, high] : null;
}
