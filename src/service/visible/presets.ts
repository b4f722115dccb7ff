import type { ServedImage } from "../types/image.ts";
import type { Preset, PresetRef, PresetService, PresetToSave, SavedPreset } from "../types/preset.ts";
import { noSuchImage, type VisibleImages } from "./images.ts";

type SavedRef = Parameters<PresetService["saved"]>[0];

/** Presets of images that may be read, and those of none whose formulas name no other. */
export class VisiblePresets implements PresetService {
  readonly #presets: PresetService;
  readonly #images: VisibleImages;

  /** `presets` looks images up among the visible ones. */
  constructor(presets: PresetService, images: VisibleImages) {
    this.#presets = presets;
    this.#images = images;
  }

  async all(): Promise<readonly Preset[]> {
    const ofReadable = await this.#images.only(await this.#presets.all(), ({ imageKey }) => imageKey);
    return this.#withoutHidden(ofReadable);
  }

  async ofImage(image: ServedImage, signal?: AbortSignal): Promise<readonly Preset[]> {
    return this.#withoutHidden(await this.#presets.ofImage(image, signal));
  }

  async find(image: ServedImage, ref: PresetRef): Promise<Preset | null> {
    return this.#orNull(await this.#presets.find(image, ref));
  }

  async saved(ref: SavedRef): Promise<Preset | null> {
    return this.#orNull(await this.#presets.saved(ref));
  }

  fromLibrary(name: string): Preset | null {
    return this.#presets.fromLibrary(name);
  }

  save(preset: PresetToSave, signal?: AbortSignal): Promise<SavedPreset> {
    return this.#presets.save(preset, signal);
  }

  async delete(name: string, imageKey: string | null): Promise<boolean> {
    if (imageKey !== null && !(await this.#images.has(imageKey))) throw noSuchImage();
    return this.#presets.delete(name, imageKey);
  }

  async #orNull(preset: Preset | null): Promise<Preset | null> {
    return preset && (await this.#isVisible(preset)) ? preset : null;
  }

  async #isVisible({ imageKey, formula }: Preset): Promise<boolean> {
    if (imageKey !== null && !(await this.#images.has(imageKey))) return false;
    return formula === null || this.#images.allNamed(formula);
  }

  async #withoutHidden(presets: readonly Preset[]): Promise<readonly Preset[]> {
    const visible = await Promise.all(presets.map(({ formula }) => formula === null || this.#images.allNamed(formula)));
    return presets.filter((_, index) => visible[index]);
  }
}
