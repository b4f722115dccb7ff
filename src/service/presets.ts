import { BandloomError } from "../core/errors.ts";
import {
  checkFormula,
  formulaOfPreset,
  imagesNamed,
  mayNameImages,
  type PresetCategory,
  presetLibrary,
  syntaxProblems,
} from "../formula/index.ts";
import type { StateStore } from "../state/index.ts";
import { namedImages } from "./named-images.ts";
import { formulaScope } from "./scope.ts";
import type { Turns } from "./turns.ts";
import type { ImageService, ServedImage } from "./types/image.ts";
import type { Preset, PresetRef, PresetService, PresetToSave, SavedPreset } from "./types/preset.ts";
import { hash } from "./version.ts";

const MAX_SAVED = 10_000;
const MAX_NAME = 100;
const MAX_DESCRIPTION = 2_000;
const TABLE = "presets";

/** The library, the catalogue's presets, and those that people saved. */
export class Presets implements PresetService {
  readonly #images: ImageService;
  readonly #state: StateStore;
  readonly #turns: Turns;
  readonly #log: (line: string) => void;
  /** What the library has for images that somebody asked of. */
  readonly #libraries: WeakMap<ServedImage, readonly Preset[]>;

  constructor(
    images: ImageService,
    state: StateStore,
    turns: Turns,
    log: (line: string) => void,
    libraries = new WeakMap<ServedImage, readonly Preset[]>(),
  ) {
    this.#images = images;
    this.#libraries = libraries;
    this.#state = state;
    this.#turns = turns;
    this.#log = log;
  }

  /** The same presets, where formulas name images of another list. */
  within(images: ImageService): PresetService {
    return new Presets(images, this.#state, this.#turns, this.#log, this.#libraries);
  }

  async all(): Promise<readonly Preset[]> {
    const named = (await this.#images.presets()).map((one) => ({ ...ofPeople(one), imageKey: one.imageKey }));
    const all = [...named.map(fromCatalogue), ...(await this.#saved()), ...presetLibrary.map(fromLibrary)];
    return distinct(all, ({ name, imageKey }) => `${imageKey ?? ""}\0${folded(name)}`);
  }

  async ofImage(image: ServedImage, signal?: AbortSignal): Promise<readonly Preset[]> {
    const named = image.presets.map((one) => fromCatalogue({ ...ofPeople(one), imageKey: image.key }));
    const saved = (await this.#saved()).filter(({ imageKey }) => imageKey === null || imageKey === image.key);
    const own = saved.filter(({ imageKey }) => imageKey !== null);
    const shared: Preset[] = [];
    for (const one of saved) if (one.imageKey === null && (await this.#fits(image, one, signal))) shared.push(one);
    const library = this.#libraries.get(image) ?? (await this.#turns.run(() => libraryOf(image), signal));
    this.#libraries.set(image, library);
    // The nearest to the image comes first, and hides what has the same name.
    return distinct([...named, ...own, ...shared, ...library], ({ name }) => folded(name));
  }

  async find(image: ServedImage, { name, imageKey }: PresetRef): Promise<Preset | null> {
    const key = folded(name);
    const matches = (preset: Preset) => folded(preset.name) === key;
    const wanted = (preset: Preset) => imageKey === undefined || preset.imageKey === imageKey;
    const named = image.presets.map((one) => fromCatalogue({ ...ofPeople(one), imageKey: image.key }));
    const catalogued = named.find((one) => matches(one) && wanted(one));
    if (catalogued) return catalogued;
    const { preset: saved, failure } = await this.#findSaved(image, name, imageKey);
    if (saved) return saved;
    const [ofLibrary] = imageKey ? [] : libraryOf(image, key);
    // The library is there whether the store answers or not.
    if (ofLibrary || failure === null) return ofLibrary ?? null;
    throw failure;
  }

  async saved({ name, imageKey }: { readonly name: string; readonly imageKey: string | null }): Promise<Preset | null> {
    const found = await this.#state.get(TABLE, keyOf(name, imageKey));
    return found === null ? null : parsed(found);
  }

  fromLibrary(name: string): Preset | null {
    const row = presetLibrary.find((one) => folded(one.name) === folded(name));
    return row ? fromLibrary(row) : null;
  }

  async save(wanted: PresetToSave, signal?: AbortSignal): Promise<SavedPreset> {
    const { imageKey } = wanted;
    const name = wanted.name.trim().normalize("NFC");
    const description = wanted.description?.trim() || null;
    const image = imageKey === null ? null : await this.#images.get(imageKey, signal);
    const problem = refusal({ ...wanted, name, description }) ?? this.#taken(name, image);
    if (problem) return { preset: null, problem, diagnostics: [] };
    const diagnostics = await this.#errors(image, wanted.formula, signal);
    const [first] = diagnostics;
    if (first) return { preset: null, problem: { field: "formula", message: first.message }, diagnostics };
    const key = keyOf(name, imageKey);
    if ((await this.#state.get(TABLE, key)) === null && (await this.#state.count(TABLE)) >= MAX_SAVED)
      throw new BandloomError("LIMIT_EXCEEDED", `${MAX_SAVED} presets are saved, and no more can be. Delete some.`);
    const preset = savedPreset({ name, formula: wanted.formula, description, imageKey });
    await this.#state.put(TABLE, key, JSON.stringify({ name, formula: wanted.formula, description, imageKey }));
    return { preset, problem: null, diagnostics: [] };
  }

  delete(name: string, imageKey: string | null): Promise<boolean> {
    return this.#state.remove(TABLE, keyOf(name, imageKey));
  }

  /** What is wrong with a formula, on its image where it is for one. */
  async #errors(image: ServedImage | null, formula: string, signal: AbortSignal | undefined) {
    if (image === null) return syntaxProblems(formula);
    const result = await this.#check(image, formula, signal);
    return result.ok ? [] : result.diagnostics.filter(({ severity }) => severity === "error");
  }

  /** A store that does not answer hides what is saved, and nothing else. */
  async #saved(): Promise<readonly Preset[]> {
    try {
      return (await this.#state.all(TABLE)).flatMap(([, value]) => parsed(value) ?? []);
    } catch (error) {
      this.#log(error instanceof BandloomError ? error.message : "What is saved cannot be read.");
      return [];
    }
  }

  async #fits(image: ServedImage, { formula }: Preset, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      return (await this.#check(image, formula ?? "", signal)).ok;
    } catch (error) {
      // It names an image that cannot be read.
      if (error instanceof BandloomError && error.code !== "OVERLOADED" && !signal?.aborted) return false;
      throw error;
    }
  }

  async #check(image: ServedImage, formula: string, signal: AbortSignal | undefined) {
    const keys = mayNameImages(formula) ? await this.#turns.run(() => imagesNamed(formula), signal) : [];
    const named = await namedImages(this.#images, keys, signal);
    return this.#turns.run(() => checkFormula(formula, formulaScope(image, { z: 0, t: 0 }, named)), signal);
  }

  /** One of the image, else one of none; why nothing can be told where the store does not answer. */
  async #findSaved(
    image: ServedImage,
    name: string,
    imageKey: string | null | undefined,
  ): Promise<{ readonly preset: Preset | null; readonly failure: BandloomError | null }> {
    try {
      for (const place of [image.key, null]) {
        if (imageKey !== undefined && imageKey !== place) continue;
        const preset = await this.saved({ name, imageKey: place });
        if (preset) return { preset, failure: null };
      }
      return { preset: null, failure: null };
    } catch (failure) {
      if (failure instanceof BandloomError) return { preset: null, failure };
      throw failure;
    }
  }

  #taken(name: string, image: ServedImage | null): SavedPreset["problem"] {
    const taken = (by: string) => ({
      field: "name" as const,
      message: `${by} has a preset of this name: choose another.`,
    });
    if (image?.presets.some((one) => folded(one.name) === folded(name))) return taken("The catalogue");
    return this.fromLibrary(name) ? taken("The library") : null;
  }
}

function refusal({ name, description }: PresetToSave): SavedPreset["problem"] {
  if (name === "" || name.length > MAX_NAME || /\p{Cc}|\p{Cs}/u.test(name))
    return { field: "name", message: `A name has 1 to ${MAX_NAME} characters, without control characters.` };
  if ((description?.length ?? 0) > MAX_DESCRIPTION)
    return { field: "description", message: `A description has at most ${MAX_DESCRIPTION} characters.` };
  return null;
}

const PLAIN = { title: null, category: null, reference: null } as const;

function ofPeople({ name, formula, description }: Pick<Preset, "name" | "formula" | "description">) {
  return { name, formula, description, ...PLAIN };
}

function fromCatalogue(preset: Omit<Preset, "origin">): Preset {
  return { ...preset, origin: "catalogue" };
}

function savedPreset(preset: Pick<Preset, "name" | "formula" | "description" | "imageKey">): Preset {
  return { ...ofPeople(preset), imageKey: preset.imageKey, origin: "saved" };
}

interface LibraryRow {
  readonly name: string;
  readonly title: string;
  readonly category: PresetCategory;
  readonly reference: string;
  readonly formula: string | null;
}

function fromLibrary({ name, title, category, reference, formula }: LibraryRow): Preset {
  return { name, title, category, reference, formula, description: null, imageKey: null, origin: "library" };
}

/** What the library has for an image, with its channels in the place of bands; `only`: the one of this name, folded. */
function libraryOf({ info }: ServedImage, only?: string): readonly Preset[] {
  return presetLibrary.flatMap((row) => {
    if (only !== undefined && folded(row.name) !== only) return [];
    const formula = formulaOfPreset(row, info.channels);
    return formula === null ? [] : [{ ...fromLibrary(row), formula }];
  });
}

/** What was written by another release, or by hand, is left out where it is no preset. */
function parsed(text: string): Preset | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const { name, formula, description, imageKey } = value as Record<string, unknown>;
    if (typeof name !== "string" || typeof formula !== "string") return null;
    const or = (part: unknown) => (typeof part === "string" ? part : null);
    return savedPreset({ name, formula, description: or(description), imageKey: or(imageKey) });
  } catch {
    return null;
  }
}

/** Names that differ in case alone are one name. */
function folded(name: string): string {
  return name.trim().normalize("NFC").toLowerCase();
}

/** Hashed: keys of images, and names in addresses, can be longer than what a store takes for a key. */
function keyOf(name: string, imageKey: string | null): string {
  return hash([imageKey, folded(name)]);
}

/** The first of those that have the same key. */
function distinct(presets: readonly Preset[], keyFor: (preset: Preset) => string): readonly Preset[] {
  const seen = new Set<string>();
  return presets.filter((preset) => !seen.has(keyFor(preset)) && seen.add(keyFor(preset)));
}
