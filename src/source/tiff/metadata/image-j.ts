import { finiteNumber } from "./xml.ts";

/** What ImageJ writes into the ImageDescription of a stack. */
export interface ImageJStack {
  readonly channels: number;
  readonly slices: number;
  readonly frames: number;
  /** Of the resolution tags; null: pixels have no size. */
  readonly unit: string | null;
}

const MAX_PLANES = 1_000_000;
const UNITS: ReadonlyMap<string, string> = new Map([
  ["micron", "µm"],
  ["microns", "µm"],
  ["um", "µm"],
  ["\u00B5m", "µm"],
  ["inch", "in"],
]);

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
  const unit = values.get("unit")?.trim();
  const named = unit && unit !== "pixel" && unit !== "pixels" ? (UNITS.get(unit) ?? unit) : null;
  return { channels, slices, frames, unit: named };
}
