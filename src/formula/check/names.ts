import { isWritable, quoteChannel } from "../print.ts";
import type { ScopeImage } from "../scope.ts";

/** Named numbers of the language; the last place where a name is looked for. */
export const CONSTANTS: ReadonlyMap<string, { readonly value: number; readonly help: string }> = new Map([
  ["pi", { value: Math.PI, help: "π, 3.1415927" }],
  ["tau", { value: 2 * Math.PI, help: "2π, 6.2831855" }],
  ["e", { value: Math.E, help: "Euler's number, 2.7182817" }],
  ["nan", { value: Number.NaN, help: "No data" }],
  ["inf", { value: Number.POSITIVE_INFINITY, help: "Infinity; as a result it is no data" }],
]);

/** NFKC, lower case, letters and digits only: what is left of a name when spelling does not count. */
export function fold(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{Nd}]/gu, "");
}

/** What a number with a leading zero has in it, and what a band has: quick looks, before the exact ones. */
const ZERO_AND_DIGIT = /0\d/;
const B_AND_DIGIT = /b(?:and)?[\s_-]?\d/i;

/** A folded name in which no number begins with a zero: B4 for B04. The zeros of 0.05 stand behind a point and are left. */
function unpadded(name: string): string {
  if (!ZERO_AND_DIGIT.test(name)) return fold(name);
  return fold(name.normalize("NFKC").replace(/(?<![\p{Nd}.,])0+(?=\p{Nd})/gu, ""));
}

/** The band of a satellite that a name has in it as a word of its own: `S2_B04_10m`, `Nadir_Reflectance_Band4`, `Band 4 - Red`. */
const BAND = /(?<![\p{L}\p{Nd}])b(?:and)?[\s_-]?0*([1-9]\d{0,2}[a-z]?)(?![\p{L}\p{Nd}]|[.,]\d)/giu;
/** A band as formulas write it, and a channel by its number. */
const BAND_NAME = /^b0*([1-9]\d{0,5}[a-z]?)$/i;
const ORDINAL_NAME = /^b([1-9]\d{0,5})$/i;

/** `4` of `B04`, `8a` of `S2_B8A`; null where a name has no band in it, or several. */
export function bandIn(name: string): string | null {
  if (!B_AND_DIGIT.test(name)) return null;
  const found = new Set([...name.normalize("NFKC").matchAll(BAND)].map(([, band = ""]) => band.toLowerCase()));
  const [only] = found;
  return found.size === 1 && only !== undefined ? only : null;
}

/** How a name found its channel: as it is, folded, but for leading zeros, as the band in a longer name, by its number. */
export type FoundBy = "exact" | "folded" | "padded" | "band" | "ordinal";

export type ChannelMatch =
  | { readonly kind: "found"; readonly index: number; readonly by: FoundBy }
  | { readonly kind: "ambiguous"; readonly indices: readonly number[] }
  | { readonly kind: "none" };

/** Channels of a scope or an image by name. */
export class ChannelNames {
  readonly #names: readonly string[];
  readonly #exact: ReadonlyMap<string, readonly number[]>;
  readonly #folded: ReadonlyMap<string, readonly number[]>;
  /** Made when a name is first looked for that is none as it is: most are. */
  #unpadded: ReadonlyMap<string, readonly number[]> | null = null;
  #bands: ReadonlyMap<string, readonly number[]> | null = null;

  constructor(scope: { readonly channels: readonly { readonly name: string }[] }) {
    this.#names = scope.channels.map(({ name }) => name);
    this.#exact = indexed(this.#names, (name) => name);
    this.#folded = indexed(this.#names, fold);
  }

  /**
   * Exact name, then folded, then but for leading zeros; not in backticks also a band in longer names, and last bN, from 1. So a name goes
   * before a number.
   */
  find(name: string, quoted: boolean): ChannelMatch {
    const exact = this.#exact.get(name);
    if (exact) return match(exact, "exact");
    const key = fold(name);
    const folded = key === "" ? undefined : this.#folded.get(key);
    if (folded) return match(folded, "folded");
    this.#unpadded ??= indexed(this.#names, unpadded);
    const padded = key === "" ? undefined : this.#unpadded.get(unpadded(name));
    if (padded) return match(padded, "padded");
    return quoted ? { kind: "none" } : this.#findBand(name);
  }

  #findBand(name: string): ChannelMatch {
    const band = BAND_NAME.exec(name)?.[1]?.toLowerCase();
    if (band === undefined) return { kind: "none" };
    this.#bands ??= indexed(this.#names, bandIn);
    const bands = this.#bands.get(band);
    if (bands) return match(bands, "band");
    const ordinal = ORDINAL_NAME.exec(name)?.[1];
    if (ordinal === undefined || Number(ordinal) > this.#names.length) return { kind: "none" };
    return { kind: "found", index: Number(ordinal) - 1, by: "ordinal" };
  }
}

/** Places of names by what is made of them; those of which nothing is made are left out. */
function indexed(
  names: readonly string[],
  keyOf: (name: string) => string | null,
): ReadonlyMap<string, readonly number[]> {
  const map = new Map<string, number[]>();
  names.forEach((name, index) => {
    const key = keyOf(name);
    if (key === null) return;
    const list = map.get(key);
    if (list) list.push(index);
    else map.set(key, [index]);
  });
  return map;
}

const match = (indices: readonly number[], by: FoundBy): ChannelMatch => {
  const [index] = indices;
  return indices.length === 1 && index !== undefined ? { kind: "found", index, by } : { kind: "ambiguous", indices };
};

/** What the text of a channel depends on. */
interface NamedChannels extends Pick<ScopeImage, "depth" | "times"> {
  readonly channels: readonly { readonly name: string }[];
}

/** Canonical text of a channel at a plane: its stored name where that is unique and can be written, else @N; z and t where there are several. */
export function channelText(scope: NamedChannels, index: number, z: number, t: number): string {
  const name = scope.channels[index]?.name ?? "";
  const unique = scope.channels.filter((one) => one.name === name).length === 1;
  const written = unique && isWritable(name) ? quoteChannel(name) : `@${index + 1}`;
  const axes = [...(scope.depth > 1 ? [`z=${z}`] : []), ...(scope.times > 1 ? [`t=${t}`] : [])];
  return axes.length === 0 ? written : `${written}[${axes.join(", ")}]`;
}
