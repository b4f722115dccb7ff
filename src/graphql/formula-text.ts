import { BandloomError } from "../core/errors.ts";
import type { DisplayOptions, FormulaService, Layer, ServedImage } from "../service/types.ts";
import type { DisplayInput, LayerInput } from "./inputs.ts";

export interface FormulaArguments {
  readonly formula: string | null | undefined;
  readonly layers: readonly LayerInput[] | null | undefined;
  readonly display: DisplayInput | null | undefined;
}

/** The one formula text that the arguments of `render` stand for; null: the image's default. BAD_REQUEST when they clash. */
export function formulaText(
  service: FormulaService,
  image: ServedImage,
  { formula, layers, display }: FormulaArguments,
): string | null {
  if (formula != null && layers != null) throw new BandloomError("BAD_REQUEST", "Give a formula or layers, not both.");
  if (layers != null && display != null)
    throw new BandloomError("BAD_REQUEST", "Layers have windows and colours of their own: leave out display.");
  if (layers != null) return service.layersText(layers.map(layerOf));
  if (display != null) return service.displayText(formula ?? service.defaultText(image), displayOf(display));
  return formula ?? null;
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
