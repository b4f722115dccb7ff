/** CSS's sixteen basic colours and orange (CSS Color Module, section 6.1), `rrggbb`. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ["black", "000000"],
  ["silver", "c0c0c0"],
  ["gray", "808080"],
  ["grey", "808080"],
  ["white", "ffffff"],
  ["maroon", "800000"],
  ["red", "ff0000"],
  ["purple", "800080"],
  ["fuchsia", "ff00ff"],
  ["magenta", "ff00ff"],
  ["green", "008000"],
  ["lime", "00ff00"],
  ["olive", "808000"],
  ["yellow", "ffff00"],
  ["navy", "000080"],
  ["blue", "0000ff"],
  ["teal", "008080"],
  ["aqua", "00ffff"],
  ["cyan", "00ffff"],
  ["orange", "ffa500"],
]);

/** `#rgb`, `#rrggbb` or a basic CSS name, as `#rrggbb` in lower case; null when it is none. */
export function normaliseColour(text: string): string | null {
  const lower = text.trim().toLowerCase();
  const named = NAMED.get(lower);
  if (named) return `#${named}`;
  if (/^#[0-9a-f]{6}$/.test(lower)) return lower;
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/.exec(lower);
  return short
    ? `#${short
        .slice(1)
        .map((digit) => digit + digit)
        .join("")}`
    : null;
}

/** Components 0…1 (byte / 255, float32) of a normalised colour. */
export function colourComponents(hex: string): readonly [r: number, g: number, b: number] {
  const byte = (start: number) => Math.fround(Number.parseInt(hex.slice(start, start + 2), 16) / 255);
  return [byte(1), byte(3), byte(5)];
}

export const COLOUR_FORMS = 'a colour such as "#ff8800", "#f80" or "orange"';
