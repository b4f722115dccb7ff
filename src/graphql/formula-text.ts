import { BandloomError } from "../core/errors.ts";
import type { DisplayOptions, FormulaService, Layer, ServedImage } from "../service/types.ts";
import { decodeId } from "./ids.ts";
import type { DisplayInput, LayerInput } from "./inputs.ts";

export interface FormulaArguments {
  readonly formula: string | null | undefined;
  readonly layers: readonly LayerInput[] | null | undefined;
  /** Id of one. */
  readonly preset: string | null | undefined;
  readonly display: DisplayInput | null | undefined;
}

/** The one formula text that the arguments of `render` stand for; null: the image's default. BAD_REQUEST when they clash. */
export function formulaText(
  service: FormulaService,
  image: ServedImage,
  { formula: given, layers, preset, display }: FormulaArguments,
): string | null {
  if ([given, layers, preset].filter((one) => one != null).length > 1)
    throw new BandloomError("BAD_REQUEST", "Give a formula, layers or a preset: one of them.");
  if (layers != null && display != null)
    throw new BandloomError("BAD_REQUEST", "Layers have windows and colours of their own: leave out display.");
  const formula = preset == null ? given : presetFormula(preset, image);
  if (layers != null) return service.layersText(layers.map(layerOf));
  if (display != null) return service.displayText(formula ?? service.defaultText(image), displayOf(display));
  return formula ?? null;
}

function presetFormula(id: string, { key, presets }: ServedImage): string {
  const ref = decodeId(id);
  if (ref.type !== "Preset")
    throw new BandloomError("BAD_REQUEST", "This is no id of a preset. `{ presets { nodes { id } } }` lists them.");
  if (ref.key !== key) throw new BandloomError("BAD_REQUEST", "This preset belongs to another image.");
  const found = presets.find(({ name }) => name === ref.name);
  if (found) return found.formula;
  throw new BandloomError(
    "NOT_FOUND",
    "There is no such preset any more. `{ image(key: …) { presets { id name } } }` lists them.",
  );
}

function layerOf({ expression, color, window, visible, blend }: LayerInput): Layer {
  return {
    expression,
    color,
    ...(window ? { window } : {}),
    visible: visible ?? true,
    blend: blend ?? "screen",
  };
}

function displayOf({ window, percentiles, gamma, colormap, invert, nodataColor }: DisplayInput): DisplayOptions {
  return {
    ...(window ? { window } : {}),
    ...(percentiles ? { percentiles } : {}),
    ...(gamma == null ? {} : { gamma }),
    ...(colormap == null ? {} : { colormap }),
    ...(invert == null ? {} : { invert }),
    ...(nodataColor == null ? {} : { nodataColor }),
  };
}
