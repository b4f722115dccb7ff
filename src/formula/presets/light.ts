/** Colours of wavelengths and of places in a row, as texts of formulas. */

/** Ends of pieces along which a colour changes evenly, nanometres and components 0 … 1. */
const SPECTRUM: readonly (readonly [nm: number, r: number, g: number, b: number])[] = [
  [380, 0.5, 0, 1],
  [440, 0.1, 0.1, 1],
  [490, 0, 1, 1],
  [510, 0, 1, 0.1],
  [580, 1, 1, 0],
  [645, 1, 0, 0],
  [780, 0.8, 0, 0.4],
];

/** A colour that looks about like light of one wavelength; beyond what is visible the last one. Method: Bruton 1996, brightened. */
export function colourOfWavelength(nm: number): string {
  const [first = [0, 0, 0, 0] as const] = SPECTRUM;
  const last = SPECTRUM.at(-1) ?? first;
  const at = Math.min(Math.max(nm, first[0]), last[0]);
  const next = Math.max(
    1,
    SPECTRUM.findIndex(([end]) => at <= end),
  );
  const [from, to] = [SPECTRUM[next - 1] ?? first, SPECTRUM[next] ?? last];
  const share = (at - from[0]) / (to[0] - from[0]);
  return hex(
    [1, 2, 3].map((component) => (from[component] ?? 0) + share * ((to[component] ?? 0) - (from[component] ?? 0))),
  );
}

/** Red, green and blue of a fully saturated hue in degrees, 0 … 1. */
export function hueParts(hue: number): readonly [r: number, g: number, b: number] {
  const component = (offset: number) => {
    const place = (offset + hue / 30) % 12;
    return 0.5 - 0.5 * Math.max(-1, Math.min(place - 3, 9 - place, 1));
  };
  return [component(0), component(8), component(4)];
}

function hex(components: readonly number[]): string {
  const digits = components.map((one) =>
    Math.round(one * 255)
      .toString(16)
      .padStart(2, "0"),
  );
  return `#${digits.join("")}`;
}
