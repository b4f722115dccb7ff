import { KeyMaker } from "../cache/index.ts";
import { type Encoding, encoderIdentity, type PictureFormat } from "../render/index.ts";
import type { ValidFormula } from "./types/formula.ts";
import type { Links } from "./types/links.ts";
import type { ProbeRequest, StatisticsRequest } from "./types/measure.ts";
import type { RegionRequest, TileRequest } from "./types/tile.ts";
import { documentSuffix, keyPath, measureSuffix, pictureSuffix } from "./urls.ts";
import { RENDER_VERSION, revisionsOf } from "./version.ts";

/** What the tiles of one formula share, worked out once: a query names hundreds of them. */
interface FormulaNames {
  readonly tileKeys: KeyMaker;
  readonly regionKeys: KeyMaker;
  readonly key: string;
  /** By encoding and expiry. */
  readonly suffixes: Map<string, string>;
}

interface LastUrl extends Omit<TileRequest, "level" | "x" | "y"> {
  readonly expiry: number | null;
  readonly prefix: string;
  readonly suffix: string;
}

/** Cache keys and URLs of pictures. */
export class TileNames {
  readonly #base: string;
  readonly #links: Links;
  readonly #formulas = new WeakMap<ValidFormula, FormulaNames>();
  /** What the last URL was made of: the tiles of a list differ in their place alone. */
  #last: LastUrl | null = null;

  /** `publicUrl`: base of absolute URLs; undefined: they begin with `/`. */
  constructor(publicUrl: string | undefined, links: Links) {
    this.#links = links;
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
    const expiry = this.#links.expiry();
    let last = this.#last;
    const isOther = last?.formula !== formula || last.tileSize !== tileSize || last.pad !== pad;
    if (isOther || last?.encoding !== encoding || last.expiry !== expiry) {
      const prefix = `${this.#base}/tiles/${this.#names(formula).key}/`;
      last = { formula, tileSize, pad, encoding, expiry, prefix, suffix: this.#suffix(request) };
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
    const path = `/tilejson/${this.#names(bound).key}`;
    return this.#base + path + this.#links.signed(path, documentSuffix("json", query));
  }

  regionUrl({ formula: bound, region, maxSize, encoding }: RegionRequest): string {
    const { x, y, width, height } = region;
    const suffix = pictureSuffix({ formula: bound.formula.canonical, version: bound.version, encoding });
    const path = `/regions/${this.#names(bound).key}/${x},${y},${width},${height}/${maxSize}`;
    return this.#base + path + this.#links.signed(path, suffix);
  }

  statisticsUrl({ formula, level, region, bins, percentiles }: StatisticsRequest): string {
    return this.#measureUrl("statistics", formula, [
      ...(level === null ? [] : [["level", `${level}`] as const]),
      ...(region ? [["region", [region.x, region.y, region.width, region.height].join(",")] as const] : []),
      ["bins", `${bins}`],
      ["at", percentiles.join(",")],
    ]);
  }

  probeUrl({ formula, points, level }: ProbeRequest): string {
    const places = points.map(({ x, y }) => `${decimal(x)},${decimal(y)}`).join(";");
    return this.#measureUrl("probe", formula, [
      ["level", `${level}`],
      ["points", places],
    ]);
  }

  #measureUrl(route: string, bound: ValidFormula, asked: readonly (readonly [string, string])[]): string {
    const path = `/${route}/${this.#names(bound).key}`;
    return this.#base + path + this.#links.signed(path, measureSuffix(bound.formula.canonical, bound.version, asked));
  }

  #suffix({ formula: bound, tileSize, pad, encoding }: Omit<TileRequest, "level" | "x" | "y">): string {
    const { suffixes, key } = this.#names(bound);
    const { format, quality, lossless } = encoding;
    const name = `${tileSize} ${pad} ${format} ${quality} ${lossless} ${this.#links.expiry()}`;
    const known = suffixes.get(name);
    if (known !== undefined) return known;
    const query = { formula: bound.formula.canonical, version: bound.version, tileSize, pad, encoding };
    const made = this.#links.signed(`/tiles/${key}`, pictureSuffix(query));
    suffixes.set(name, made);
    return made;
  }

  #names(bound: ValidFormula): FormulaNames {
    const known = this.#formulas.get(bound);
    if (known) return known;
    const { image, others, formula, generation } = bound;
    const scope = {
      renderVersion: RENDER_VERSION,
      formula: formula.canonical,
      images: revisionsOf(image, others),
      generation,
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

/** Without an exponent's plus, which an address would take for a space. */
function decimal(value: number): string {
  return String(value).replace("e+", "e");
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
