import { BandloomError } from "../core/errors.ts";
import { DEFAULT_FORMULA_LIMITS, type FormulaParts, normaliseColour, splitFormula } from "../formula/index.ts";
import type { DisplayOptions, Layer } from "./types/formula.ts";

/** Display options as formula text: over(colormap(invert(gamma(window(x)))), nodataColor). */
export function displayText(source: string, options: DisplayOptions): string {
  if (options.window && options.percentiles)
    throw new BandloomError("BAD_REQUEST", "Give a window or percentiles, not both.");
  const parts = splitFormula(source);
  // What is no formula is left as it is: its diagnostics are about the text that was given.
  if (!parts || parts.outputs.length === 0) return source;
  const shown = shownOutputs(parts, options);
  if (options.nodataColor === undefined) return parts.prelude + shown.join("; ");
  const picture = shown.length === 1 ? shown[0] : `${shown.length === 4 ? "rgba" : "rgb"}(${shown.join(", ")})`;
  return `${parts.prelude}over(${picture}, colour("${colour(options.nodataColor)}"))`;
}

function shownOutputs({ outputs }: FormulaParts, options: DisplayOptions): readonly string[] {
  const { gamma, invert, colormap, window, percentiles } = options;
  if (colormap !== undefined && outputs.length > 1)
    throw new BandloomError("BAD_REQUEST", "A colormap shows one number, and this formula has several outputs.");
  if (colormap !== undefined && !/^[\w.]+$/.test(colormap))
    throw new BandloomError("BAD_REQUEST", "There is no such colormap. `{ colormaps { name } }` lists them.");
  const windows = window && pairs(window, outputs.length, "window");
  const stretches = percentiles && pairs(percentiles, outputs.length, "percentiles");
  return outputs.map((output, index) => {
    const between = (name: string, ends: readonly (readonly number[])[]) =>
      `${name}(${output}, ${(ends[index] ?? []).map(numberText).join(", ")})`;
    let text = windows ? between("window", windows) : stretches ? between("stretch", stretches) : output;
    if (gamma !== undefined) text = `gamma(${text}, ${numberText(gamma)})`;
    if (invert) text = `invert(${text})`;
    return colormap === undefined ? text : `colormap(${text}, "${colormap}")`;
  });
}

/** Two numbers for all outputs, or two for each. */
function pairs(numbers: readonly number[], outputs: number, name: string): readonly (readonly number[])[] {
  if (numbers.length !== 2 && numbers.length !== 2 * outputs)
    throw new BandloomError("BAD_REQUEST", `${name} takes two numbers, or two for each of the ${outputs} outputs.`);
  return Array.from({ length: outputs }, (_, index) => {
    const at = numbers.length === 2 ? 0 : 2 * index;
    return numbers.slice(at, at + 2);
  });
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value).replace("e+", "e");
  throw new BandloomError("BAD_REQUEST", "Display options are finite numbers.");
}

function colour(text: string): string {
  const normal = normaliseColour(text);
  if (normal) return normal;
  throw new BandloomError("BAD_REQUEST", 'A colour is written like "#ff8800", "#f80" or "orange".');
}

/** Layers from the lowest to the highest, each tinted and laid on what is below by its blend. */
export function layersText(layers: readonly Layer[]): string {
  const [lowest, ...others] = layers.filter(({ visible }) => visible);
  const { nodes } = DEFAULT_FORMULA_LIMITS;
  // Each is several parts of the formula. Joining takes the square of their number.
  if (others.length >= nodes)
    throw new BandloomError("LIMIT_EXCEEDED", `A formula has up to ${nodes} parts: show fewer layers.`);
  if (!lowest) return 'colour("black")';
  let merged = { text: tinted(lowest), blend: "" };
  for (const layer of others) merged = { text: laidOn(merged, layer), blend: layer.blend };
  return merged.text;
}

/** A layer on those below it. Layers of one blend are arguments of one call: many of them do not nest. */
function laidOn(below: { readonly text: string; readonly blend: string }, layer: Layer): string {
  const { blend } = layer;
  const inner = below.blend === blend ? below.text.slice(blend.length + 1, -1) : below.text;
  return blend === "over" ? `over(${tinted(layer)}, ${inner})` : `${blend}(${inner}, ${tinted(layer)})`;
}

function tinted({ expression, color, window }: Layer): string {
  const parts = splitFormula(expression);
  if (parts && (parts.prelude !== "" || parts.outputs.length > 1))
    throw new BandloomError("BAD_REQUEST", "A layer is one expression, without let and semicolons.");
  const text = parts?.outputs[0] ?? expression;
  const shown = window ? `window(${text}, ${(pairs(window, 1, "window")[0] ?? []).map(numberText).join(", ")})` : text;
  return `tint(${shown}, "${colour(color)}")`;
}
