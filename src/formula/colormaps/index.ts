import type { Table } from "../ops.ts";
import { SAMPLES } from "./samples.ts";

const ENTRIES = 256;
const REVERSED = "_r";

/** Bytes of 256 colours: r, g, b by rising shade. */
const maps: ReadonlyMap<string, Uint8Array> = new Map([
  ["gray", Uint8Array.from({ length: ENTRIES * 3 }, (_, index) => Math.floor(index / 3))],
  ...Object.entries(SAMPLES).map(([name, hex]) => [name, bytesOf(hex)] as const),
]);

/** Names without the reverses, which add `_r`. */
export const colormapNames: readonly string[] = [...maps.keys()];

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: ENTRIES * 3 }, (_, index) =>
    Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16),
  );
}

/** The canonical name of a map or of a reverse, whatever the case; null when there is none. */
export function findColormap(name: string): string | null {
  const lower = name.trim().toLowerCase();
  const base = lower.endsWith(REVERSED) ? lower.slice(0, -REVERSED.length) : lower;
  return maps.has(base) ? lower : null;
}

/** The colours of a canonical name, `#rrggbb` by rising shade. */
export function colormapColours(name: string): readonly string[] {
  const bytes = orderedBytes(name);
  return Array.from({ length: ENTRIES }, (_, index) => {
    const [r, g, b] = bytes.subarray(index * 3, index * 3 + 3);
    return `#${[r, g, b].map((one) => (one ?? 0).toString(16).padStart(2, "0")).join("")}`;
  });
}

const tables = new Map<string, readonly [Table, Table, Table]>();

/** One table of float32 components (byte / 255) for red, green and blue of a canonical name. */
export function colormapTables(name: string): readonly [red: Table, green: Table, blue: Table] {
  const known = tables.get(name);
  if (known) return known;
  const bytes = orderedBytes(name);
  const table = (component: 0 | 1 | 2): Table => ({
    id: `colormap/${name}/${"rgb"[component]}`,
    values: Float32Array.from({ length: ENTRIES }, (_, index) => (bytes[index * 3 + component] ?? 0) / 255),
  });
  const made = [table(0), table(1), table(2)] as const;
  tables.set(name, made);
  return made;
}

function orderedBytes(name: string): Uint8Array {
  const reversed = name.endsWith(REVERSED);
  const bytes = maps.get(reversed ? name.slice(0, -REVERSED.length) : name);
  if (!bytes) throw new Error(`No colormap ${name}.`);
  if (!reversed) return bytes;
  return Uint8Array.from(bytes, (_, index) => bytes[(ENTRIES - 1 - Math.floor(index / 3)) * 3 + (index % 3)] ?? 0);
}
