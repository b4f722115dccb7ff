import { LRUCache } from "lru-cache";
import type { ColorMode } from "../core/color-mode.ts";
import { BandloomError } from "../core/errors.ts";
import { SingleFlight } from "../core/single-flight.ts";
import {
  type CheckResult,
  checkFormula,
  completeFormula,
  imagesNamed,
  mayNameImages,
  measuredForNumbers,
  partlyMeasured,
} from "../formula/index.ts";
import { isSourceChanged } from "../source/index.ts";
import { shownPlane } from "../source/shown-plane.ts";
import { defaultText } from "./default-text.ts";
import { formulaCharacters } from "./formula-characters.ts";
import { type KnownPurges, NEVER_PURGED } from "./generations.ts";
import type { CatalogueImages } from "./images.ts";
import type { Measurements } from "./measurements.ts";
import { type NamedImages, namedImages } from "./named-images.ts";
import { sameSize } from "./same-size.ts";
import { formulaScope } from "./scope.ts";
import { displayText, layersText } from "./sugar.ts";
import { Turns } from "./turns.ts";
import type { BindChoice, BoundFormula, DisplayOptions, FormulaService, Layer, PlaneChoice } from "./types/formula.ts";
import type { ImageService, ServedImage } from "./types/image.ts";
import type { Pay } from "./types/measure.ts";
import { hash, pictureVersion } from "./version.ts";

/** Bound formulas that are kept, by the characters of all their texts. */
const MAX_CHARACTERS = 32 * 2 ** 20;
/** What a formula takes besides its texts, measured: its nodes, its image's description where no other holds it, what names its tiles. */
const ENTRY_CHARACTERS = 6 * 1024;
/** Texts whose other images are remembered, by their characters. */
const MAX_NAMING_CHARACTERS = 4 * 2 ** 20;

interface AskedFormula {
  readonly image: ServedImage;
  readonly source: string | null;
  readonly choice?: BindChoice;
}

/** Formula texts bound to images: parsed, checked and completed once for each revision, when it is their turn. */
export class BoundFormulas implements FormulaService {
  readonly #images: CatalogueImages;
  readonly #measurements: Measurements;
  readonly #purges: KnownPurges;
  readonly #turns: Turns;
  readonly #color: ColorMode;
  readonly #named = new LRUCache<string, readonly string[]>({
    maxSize: MAX_NAMING_CHARACTERS,
    sizeCalculation: (keys, text) => text.length + keys.join().length + 1,
  });
  readonly #known = new LRUCache<string, BoundFormula>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (bound, key) =>
      ENTRY_CHARACTERS + key.length + bound.source.length + (bound.valid ? formulaCharacters(bound.formula) : 0),
  });
  readonly #checks = new SingleFlight<CheckResult>();
  readonly #flights = new SingleFlight<BoundFormula>();

  constructor(
    images: CatalogueImages,
    measurements: Measurements,
    purges: KnownPurges = NEVER_PURGED,
    turns = new Turns(),
    color: ColorMode = "srgb",
  ) {
    this.#images = images;
    this.#measurements = measurements;
    this.#purges = purges;
    this.#turns = turns;
    this.#color = color;
  }

  bind(
    image: ServedImage,
    source: string | null,
    choice?: BindChoice,
    signal?: AbortSignal,
    pay?: Pay,
  ): Promise<BoundFormula> {
    return this.#bindWith(this.#images, { image, source, ...(choice ? { choice } : {}) }, signal, pay);
  }

  /** The same formulas, for who sees these images and no others. */
  within(images: ImageService): FormulaService {
    return {
      bind: (image, source, choice, signal, pay) =>
        this.#bindWith(images, { image, source, ...(choice ? { choice } : {}) }, signal, pay),
      displayText: (source, display, signal) => this.displayText(source, display, signal),
      layersText: (layers, signal) => this.layersText(layers, signal),
      defaultText: (image) => this.defaultText(image),
    };
  }

  /** Once more to the image as it is now, where it changed while it was measured; its places must mean the same. */
  async #bindWith(
    seen: ImageService,
    asked: AskedFormula,
    signal: AbortSignal | undefined,
    pay: Pay | undefined,
  ): Promise<BoundFormula> {
    try {
      return await this.#bindTo(seen, asked, signal, pay);
    } catch (error) {
      const now = isSourceChanged(error) ? await seen.get(asked.image.key, signal) : null;
      if (!now || !sameSize(now, asked.image)) throw error;
      // What is measured now was paid for.
      return this.#bindTo(seen, { ...asked, image: now }, signal, undefined);
    }
  }

  async #bindTo(
    seen: ImageService,
    { image, source, choice = {} }: AskedFormula,
    signal: AbortSignal | undefined,
    pay: Pay | undefined,
  ): Promise<BoundFormula> {
    const text = source ?? this.defaultText(image);
    const { numbersAlone = false, ...planeChoice } = choice;
    const plane = planeOf(image, planeChoice);
    const names = mayNameImages(text) ? (this.#named.get(text) ?? (await this.#namesIn(text, signal))) : [];
    const named = names.filter((key) => key !== image.key);
    const others = await namedImages(seen, named, signal);
    const revisions = others.found.map((one) => [one.key, one.revision]);
    // What is proposed for a name that there is not depends on who asks.
    const similar = others.similar.size === 0 ? [] : [...others.similar];
    const place = [image.key, image.revision, plane.z, plane.t, numbersAlone, text];
    const key = JSON.stringify([...place, revisions, similar, this.#purges.count]);
    const known = this.#known.get(key);
    if (known) return known;
    const check = (shared: AbortSignal) =>
      this.#turns.run(() => checkFormula(text, formulaScope(image, plane, others)), shared);
    const isBegun = () => this.#flights.has(key) || this.#known.has(key);
    const result = isBegun() ? null : await this.#checks.run(key, check, signal);
    if (result?.ok && pay && !isBegun()) {
      const images = [image, ...others.found];
      const { checked } = result;
      const needed = numbersAlone ? measuredForNumbers(checked) : null;
      const needs = await this.#turns.run(() => this.#measurements.unknown(image, images, checked, needed), signal);
      // Of all who wait for it the first pays: before the work, as its refusal is not that of the others.
      if (!isBegun()) pay(needs);
    }
    const work = async (shared: AbortSignal) => {
      const asked = { image, source: text, plane, numbersAlone };
      const bound = await this.#bind(asked, others, result ?? (await check(shared)), shared);
      this.#known.set(key, bound);
      return bound;
    };
    return this.#known.get(key) ?? this.#flights.run(key, work, signal);
  }

  displayText(source: string, display: DisplayOptions, signal?: AbortSignal): Promise<string> {
    return this.#turns.run(() => displayText(source, display), signal);
  }

  layersText(layers: readonly Layer[], signal?: AbortSignal): Promise<string> {
    return this.#turns.run(() => layersText(layers), signal);
  }

  defaultText(image: ServedImage): string {
    return defaultText(image, this.#color);
  }

  /** Keys of other images that a text names: it is parsed for them once, whatever it is bound to. */
  async #namesIn(text: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
    const keys = await this.#turns.run(() => imagesNamed(text), signal);
    this.#named.set(text, keys);
    return keys;
  }

  async #bind(
    asked: Pick<BoundFormula, "image" | "source" | "plane" | "numbersAlone">,
    named: NamedImages,
    result: CheckResult,
    signal: AbortSignal,
  ): Promise<BoundFormula> {
    const { image, source, plane, numbersAlone } = asked;
    const revisions = named.found.map((one) => [one.key, one.revision]);
    const id = hash([image.key, source, plane.z, plane.t, image.revision, ...revisions]).slice(0, 32);
    const base = { ...asked, id };
    if (!result.ok) return { ...base, valid: false, diagnostics: result.diagnostics };
    const images = [image, ...named.found];
    const { checked } = result;
    const needed = numbersAlone ? measuredForNumbers(checked) : null;
    const resolving = this.#measurements.resolve(image, images, checked, signal, needed);
    const resolved = await resolving.catch((error: unknown) => {
      if (isSourceChanged(error)) for (const { key } of images) this.#images.recheck(key);
      throw error;
    });
    const formula = await this.#turns.run(() => completeFormula(checked, resolved.answers), signal);
    const others = formula.images.flatMap((key) => images.find((one) => one.key === key) ?? []);
    const generation = this.#purges.ofFormula(formula.hash);
    const version = pictureVersion(image, others, generation);
    const diagnostics = [...formula.diagnostics, ...(resolved.isPartial ? [partlyMeasured(source)] : [])];
    return { ...base, valid: true, formula, others, version, generation, diagnostics };
  }
}

function planeOf({ info }: ServedImage, choice: PlaneChoice): BoundFormula["plane"] {
  const { z, t } = { ...shownPlane(info), ...choice };
  const within = (value: number, count: number) => Number.isInteger(value) && value >= 0 && value < count;
  if (within(z, info.depth) && within(t, info.times)) return { z, t };
  throw new BandloomError(
    "BAD_REQUEST",
    `There is no plane z ${z}, t ${t}: this image has z 0 to ${info.depth - 1} and t 0 to ${info.times - 1}.`,
  );
}
