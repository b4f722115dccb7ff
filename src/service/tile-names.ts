import { KeyMaker } from "../cache/index.ts";
import { type Encoding, encoderIdentity, type PictureFormat } from "../render/index.ts";
import type { RegionRequest, TileRequest, ValidFormula } from "./types.ts";
import { documentSuffix, keyPath, pictureSuffix } from "./urls.ts";
import { RENDER_VERSION, revisionsOf } from "./version.ts";

/** What the tiles of one formula share, worked out once: a query names hundreds of them. */
interface FormulaNames {
  readonly tileKeys: KeyMaker;
  readonly regionKeys: KeyMaker;
  readonly key: string;
  readonly suffixes: Map<string, string>;
}

interface LastUrl extends Omit<TileRequest, "level" | "x" | "y"> {
  readonly prefix: string;
  readonly suffix: string;
}

/** Cache keys and URLs of pictures. */
export class TileNames {
  readonly #base: string;
  readonly #formulas = new WeakMap<ValidFormula, FormulaNames>();
  /** What the last URL was made of: the tiles of a list differ in their place alone. */
  #last: LastUrl | null = null;

  /** `publicUrl`: base of absolute URLs; undefined: they begin with `/`. */
  constructor(publicUrl: string | undefined) {
    this.#base = publicUrl?.replace(/\/+$/, "") ?? "";
  }

  tileKey({ formula, level, x, y, tileSize, pad, encoding }: TileRequest): string {
    const { format, quality, lossless } = effective(encoding);
    const fields = { level, x, y, tileSize, pad, format, quality, lossless, encoder: encoderOf(format) };
    return this.#names(formula).tileKeys.tile(fields);
  }

  regionKey({ formula, region, maxSize, encoding }: RegionRequest): string {
    const { format, quality, lossless } = effective(encoding);
    const { name, version } = encoderOf(format);
    const { x, y, width, height } = region;
    const fields = [x, y, width, height, maxSize, format, quality, lossless, name, version];
    return this.#names(formula).regionKeys.key(fields);
  }

  tileUrl(request: TileRequest): string {
    const { level, x, y, formula, tileSize, pad, encoding } = request;
    let last = this.#last;
    if (last?.formula !== formula || last.tileSize !== tileSize || last.pad !== pad || last.encoding !== encoding) {
      const prefix = `${this.#base}/tiles/${this.#names(formula).key}/`;
      last = { formula, tileSize, pad, encoding, prefix, suffix: this.#suffix(request) };
      this.#last = last;
    }
    return `${last.prefix}${formula.image.levels - 1 - level}/${x}/${y}${last.suffix}`;
  }

  /** For map viewers: `{z}/{x}/{y}` left open. */
  urlTemplate(request: Omit<TileRequest, "level" | "x" | "y">): string {
    return `${this.#base}/tiles/${this.#names(request.formula).key}/{z}/{x}/{y}${this.#suffix(request)}`;
  }

  tileJsonUrl({ formula: bound, tileSize, encoding }: Omit<TileRequest, "level" | "x" | "y" | "pad">): string {
    const query = { formula: bound.formula.canonical, version: bound.version, tileSize, encoding };
    return `${this.#base}/tilejson/${this.#names(bound).key}${documentSuffix("json", query)}`;
  }

  regionUrl({ formula: bound, region, maxSize, encoding }: RegionRequest): string {
    const { x, y, width, height } = region;
    const suffix = pictureSuffix({ formula: bound.formula.canonical, version: bound.version, encoding });
    return `${this.#base}/regions/${this.#names(bound).key}/${x},${y},${width},${height}/${maxSize}${suffix}`;
  }

  #suffix({ formula: bound, tileSize, pad, encoding }: Omit<TileRequest, "level" | "x" | "y">): string {
    const { suffixes } = this.#names(bound);
    const { format, quality, lossless } = encoding;
    const name = `${tileSize} ${pad} ${format} ${quality} ${lossless}`;
    const known = suffixes.get(name);
    if (known !== undefined) return known;
    const made = pictureSuffix({ formula: bound.formula.canonical, version: bound.version, tileSize, pad, encoding });
    suffixes.set(name, made);
    return made;
  }

  #names(bound: ValidFormula): FormulaNames {
    const known = this.#formulas.get(bound);
    if (known) return known;
    const { image, others, formula } = bound;
    const scope = {
      renderVersion: RENDER_VERSION,
      formula: formula.canonical,
      images: revisionsOf(image, others),
    };
    const made: FormulaNames = {
      tileKeys: new KeyMaker({ kind: "tile", ...scope }),
      regionKeys: new KeyMaker({ kind: "region", ...scope }),
      key: keyPath(image.key),
      suffixes: new Map(),
    };
    this.#formulas.set(bound, made);
    return made;
  }
}

/** Options that change no byte of a format change no key, as they stand in no URL. */
function effective({ format, quality, lossless }: Encoding): Encoding {
  const choosable = format === "webp" || format === "avif";
  return { format, quality: choosable || format === "jpeg" ? quality : 0, lossless: lossless && choosable };
}

interface Encoder {
  readonly name: string;
  readonly version: string;
}

const encoders = new Map<PictureFormat, Encoder>();

function encoderOf(format: PictureFormat): Encoder {
  const known = encoders.get(format);
  if (known) return known;
  const identity = encoderIdentity(format);
  const at = identity.search(/[@/]/);
  const made = { name: identity.slice(0, at), version: identity.slice(at + 1) };
  encoders.set(format, made);
  return made;
}
