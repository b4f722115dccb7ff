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

export type ChannelMatch =
  | { readonly kind: "found"; readonly index: number; readonly by: "exact" | "folded" | "ordinal" }
  | { readonly kind: "ambiguous"; readonly indices: readonly number[] }
  | { readonly kind: "none" };

/** Channels of a scope or an image by name. */
export class ChannelNames {
  readonly #exact = new Map<string, number[]>();
  readonly #folded = new Map<string, number[]>();
  readonly #count: number;

  constructor(scope: { readonly channels: readonly { readonly name: string }[] }) {
    this.#count = scope.channels.length;
    scope.channels.forEach(({ name }, index) => {
      append(this.#exact, name, index);
      append(this.#folded, fold(name), index);
    });
  }

  /** Exact name, then folded name, then bN (from 1; not in backticks). */
  find(name: string, quoted: boolean): ChannelMatch {
    const exact = this.#exact.get(name);
    if (exact) return match(exact, "exact");
    const key = fold(name);
    const folded = key === "" ? undefined : this.#folded.get(key);
    if (folded) return match(folded, "folded");
    const ordinal = quoted ? null : /^[bB]([1-9]\d{0,5})$/.exec(name);
    if (ordinal && Number(ordinal[1]) <= this.#count) {
      return { kind: "found", index: Number(ordinal[1]) - 1, by: "ordinal" };
    }
    return { kind: "none" };
  }
}

const match = (indices: readonly number[], by: "exact" | "folded"): ChannelMatch => {
  const [index] = indices;
  return indices.length === 1 && index !== undefined ? { kind: "found", index, by } : { kind: "ambiguous", indices };
};

function append(map: Map<string, number[]>, key: string, index: number): void {
  const list = map.get(key);
  if (list) list.push(index);
  else map.set(key, [index]);
}

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
