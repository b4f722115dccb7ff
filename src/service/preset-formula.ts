import { BandloomError } from "../core/errors.ts";
import type { ServedImage } from "./types/image.ts";
import type { Preset, PresetService } from "./types/preset.ts";

/** The formula of a preset for an image, by its name. NOT_FOUND where there is none, or the image lacks a channel that it needs. */
export async function presetFormula(presets: PresetService, image: ServedImage, name: string): Promise<string> {
  return formulaOf(await presets.find(image, { name }), presets, name);
}

/** The same of what was found under a name. */
export function formulaOf(found: Preset | null, presets: PresetService, name: string): string {
  if (found?.formula) return found.formula;
  throw new BandloomError(
    "NOT_FOUND",
    presets.fromLibrary(name) === null
      ? "There is no such preset for this image. `{ image(key: …) { presets { name } } }` lists those that there are."
      : "This image lacks a channel that the preset needs: channels are told by their names and wavelengths. `{ image(key: …) { presets { name } } }` lists those that it has all channels for.",
  );
}
