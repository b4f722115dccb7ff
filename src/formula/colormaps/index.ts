import type { Table } from "../ops.ts";
import { COLORMAP_BYTES } from "./bytes.ts";

const REVERSED = "_r";
const CMOCEAN = "cmo.";
/** Other names that matplotlib has for the same colours. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["grey", "gray"],
  ["gist_gray", "gray"],
  ["gist_grey", "gray"],
  ["gist_yerg", "gist_yarg"],
  ["grays", "greys"],
]);

/** Names without the reverses, which add `_r`. */
export const colormapNames: readonly string[] = Object.keys(COLORMAP_BYTES);
const known: ReadonlySet<string> = new Set(colormapNames);

/** The canonical name of a map or of a reverse, whatever the case; null when there is none. cmocean's may begin with `cmo.`. */
export function findColormap(name: string): string | null {
  const lower = name.trim().toLowerCase();
  const end = lower.endsWith(REVERSED) ? REVERSED : "";
  const base = lower.slice(0, lower.length - end.length);
  const found = ALIASES.get(base) ?? (known.has(base) || !base.startsWith(CMOCEAN) ? base : base.slice(CMOCEAN.length));
  return known.has(found) ? found + end : null;
}

/** Colours of a canonical name: 256, or as many as a map of classes has. */
export function colormapSize(name: string): number {
  return bytesOf(name).length / 3;
}

/** The colours of a canonical name, `#rrggbb` by rising shade. */
export function colormapColours(name: string): readonly string[] {
  const bytes = bytesOf(name);
  return Array.from({ length: bytes.length / 3 }, (_, index) => {
    const [r, g, b] = bytes.subarray(index * 3, index * 3 + 3);
    return `#${[r, g, b].map((one) => (one ?? 0).toString(16).padStart(2, "0")).join("")}`;
  });
}

/** Colours of evenly spaced shades from 0 to 1 by matplotlib's rule: entry floor(size · shade), the last one at 1. `count` from 2. */
export function colormapShades(name: string, count: number): readonly string[] {
  const colours = colormapColours(name);
  const { length } = colours;
  return Array.from({ length: count }, (_, index) => {
    const entry = Math.min(Math.floor((index * length) / (count - 1)), length - 1);
    return colours[entry] ?? "#000000";
  });
}

const tables = new Map<string, readonly [Table, Table, Table]>();

/** One table of float32 components (byte / 255) for red, green and blue of a canonical name. */
export function colormapTables(name: string): readonly [red: Table, green: Table, blue: Table] {
  const made = tables.get(name) ?? makeTables(name);
  tables.set(name, made);
  return made;
}

function makeTables(name: string): readonly [red: Table, green: Table, blue: Table] {
  const bytes = bytesOf(name);
  const table = (component: 0 | 1 | 2): Table => ({
    id: `colormap/${name}/${"rgb"[component]}`,
    values: Float32Array.from({ length: bytes.length / 3 }, (_, index) => (bytes[index * 3 + component] ?? 0) / 255),
  });
  return [table(0), table(1), table(2)];
}

function bytesOf(name: string): Uint8Array {
  const isReversed = name.endsWith(REVERSED);
  const text = COLORMAP_BYTES[isReversed ? name.slice(0, -REVERSED.length) : name];
  if (text === undefined) throw new Error(`There is no colormap ${name}.`);
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  if (!isReversed) return bytes;
  const last = bytes.length / 3 - 1;
  return Uint8Array.from(bytes, (_, index) => bytes[(last - Math.floor(index / 3)) * 3 + (index % 3)] ?? 0);
}
