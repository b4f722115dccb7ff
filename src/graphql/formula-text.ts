import { BandloomError } from "../core/errors.ts";
import { formulaOf } from "../service/preset-formula.ts";
import type { DisplayOptions, Layer } from "../service/types/formula.ts";
import type { ServedImage } from "../service/types/image.ts";
import type { Preset, PresetService } from "../service/types/preset.ts";
import type { Services } from "../service/types/services.ts";
import { decodeId } from "./ids.ts";
import type { DisplayInput, LayerInput } from "./inputs.ts";

export interface FormulaArguments {
  readonly formula: string | null | undefined;
  readonly layers: readonly LayerInput[] | null | undefined;
  /** Name or id of one. */
  readonly preset: string | null | undefined;
  readonly display: DisplayInput | null | undefined;
}

/** The one formula text that the arguments of `render` stand for; null: the image's default. BAD_REQUEST when they clash. */
export async function formulaText(
  { formulas: service, presets }: Pick<Services, "formulas" | "presets">,
  image: ServedImage,
  { formula: given, layers, preset, display }: FormulaArguments,
  signal: AbortSignal,
): Promise<string | null> {
  if ([given, layers, preset].filter((one) => one != null).length > 1)
    throw new BandloomError("BAD_REQUEST", "Give a formula, layers or a preset: one of them.");
  if (layers != null && display != null)
    throw new BandloomError("BAD_REQUEST", "Layers have windows and colours of their own: leave out display.");
  const formula = preset == null ? given : await presetText(presets, image, preset);
  if (layers != null) return service.layersText(layers.map(layerOf), signal);
  if (display != null) return service.displayText(formula ?? service.defaultText(image), displayOf(display), signal);
  return formula ?? null;
}

/** The formula of a preset by its name, or by the id that an answer gave it; BAD_REQUEST for the id of another image's. */
async function presetText(presets: PresetService, image: ServedImage, preset: string): Promise<string> {
  const byName = await presets.find(image, { name: preset });
  return formulaOf(byName ?? (await byId(presets, image, preset)), presets, preset);
}

function byId(presets: PresetService, image: ServedImage, id: string): Promise<Preset | null> | null {
  const ref = presetRef(id);
  if (ref === null) return null;
  if (ref.imageKey !== null && ref.imageKey !== image.key)
    throw new BandloomError("BAD_REQUEST", "This preset belongs to another image.");
  return presets.find(image, ref);
}

/** The preset that an id stands for; null: it is no id of one. */
function presetRef(id: string): { readonly name: string; readonly imageKey: string | null } | null {
  try {
    const ref = decodeId(id);
    return ref.type === "Preset" ? { name: ref.name, imageKey: ref.key || null } : null;
  } catch (error) {
    if (error instanceof BandloomError) return null;
    throw error;
  }
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
