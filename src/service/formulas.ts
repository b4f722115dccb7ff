import { LRUCache } from "lru-cache";
import { BandloomError } from "../core/errors.ts";
import { SingleFlight } from "../core/single-flight.ts";
import { checkFormula, completeFormula, imagesNamed } from "../formula/index.ts";
import { isSourceChanged } from "../source/index.ts";
import { formulaCharacters } from "./formula-characters.ts";
import { type KnownPurges, NEVER_PURGED } from "./generations.ts";
import type { CatalogueImages } from "./images.ts";
import type { Measurements } from "./measurements.ts";
import { type NamedImages, namedImages } from "./named-images.ts";
import { formulaScope } from "./scope.ts";
import { defaultText, displayText, layersText } from "./sugar.ts";
import type { BoundFormula, DisplayOptions, FormulaService, Layer, PlaneChoice } from "./types/formula.ts";
import type { ServedImage } from "./types/image.ts";
import { hash, pictureVersion } from "./version.ts";

/** Bound formulas that are kept, by the characters of all their texts. */
const MAX_CHARACTERS = 32 * 2 ** 20;
/** What a formula takes besides its texts, measured: its nodes, its image's description where no other holds it, what names its tiles. */
const ENTRY_CHARACTERS = 6 * 1024;

/** Formula texts bound to images: parsed, checked and completed once for each revision. */
export class BoundFormulas implements FormulaService {
  readonly #images: CatalogueImages;
  readonly #measurements: Measurements;
  readonly #purges: KnownPurges;
  readonly #known = new LRUCache<string, BoundFormula>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (bound, key) =>
      ENTRY_CHARACTERS + key.length + bound.source.length + (bound.valid ? formulaCharacters(bound.formula) : 0),
  });
  readonly #flights = new SingleFlight<BoundFormula>();

  constructor(images: CatalogueImages, measurements: Measurements, purges: KnownPurges = NEVER_PURGED) {
    this.#images = images;
    this.#measurements = measurements;
    this.#purges = purges;
  }

  async bind(
    image: ServedImage,
    source: string | null,
    choice: PlaneChoice = {},
    signal?: AbortSignal,
  ): Promise<BoundFormula> {
    const text = source ?? defaultText(image);
    const plane = planeOf(image, choice);
    const named = imagesNamed(text).filter((key) => key !== image.key);
    const others = await namedImages(this.#images, named, signal);
    const revisions = others.found.map((one) => [one.key, one.revision]);
    const key = JSON.stringify([image.key, image.revision, plane.z, plane.t, text, revisions, this.#purges.count]);
    const known = this.#known.get(key);
    if (known) return known;
    const work = async (shared: AbortSignal) => {
      const bound = await this.#bind({ image, source: text, plane }, others, shared);
      this.#known.set(key, bound);
      return bound;
    };
    return this.#flights.run(key, work, signal);
  }

  displayText(source: string, display: DisplayOptions): string {
    return displayText(source, display);
  }

  layersText(layers: readonly Layer[]): string {
    return layersText(layers);
  }

  defaultText(image: ServedImage): string {
    return defaultText(image);
  }

  async #bind(
    asked: Pick<BoundFormula, "image" | "source" | "plane">,
    named: NamedImages,
    signal: AbortSignal,
  ): Promise<BoundFormula> {
    const { image, source, plane } = asked;
    const result = checkFormula(source, formulaScope(image, plane, named));
    const revisions = named.found.map((one) => [one.key, one.revision]);
    const id = hash([image.key, source, plane.z, plane.t, image.revision, ...revisions]).slice(0, 32);
    const base = { ...asked, id };
    if (!result.ok) return { ...base, valid: false, diagnostics: result.diagnostics };
    const images = [image, ...named.found];
    const answers = await this.#measurements.resolve(image, images, result.checked, signal).catch((error: unknown) => {
      if (isSourceChanged(error)) for (const { key } of images) this.#images.recheck(key);
      throw error;
    });
    const formula = completeFormula(result.checked, answers);
    const others = formula.images.flatMap((key) => images.find((one) => one.key === key) ?? []);
    const generation = this.#purges.ofFormula(formula.hash);
    const version = pictureVersion(image, others, generation);
    return { ...base, valid: true, formula, others, version, generation, diagnostics: formula.diagnostics };
  }
}

function planeOf({ info }: ServedImage, { z = 0, t = 0 }: PlaneChoice): BoundFormula["plane"] {
  const within = (value: number, count: number) => Number.isInteger(value) && value >= 0 && value < count;
  if (within(z, info.depth) && within(t, info.times)) return { z, t };
  throw new BandloomError(
    "BAD_REQUEST",
    `There is no plane z ${z}, t ${t}: this image has z 0 to ${info.depth - 1} and t 0 to ${info.times - 1}.`,
  );
}
