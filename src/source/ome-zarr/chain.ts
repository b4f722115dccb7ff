import { unreadable } from "../unreadable.ts";

/** How the bytes of a chunk are packed, and in which order its samples lie when they are unpacked. */
export interface Chain {
  /** From the outermost: what is undone first. */
  readonly packings: readonly Packing[];
  /** The axes of the array in the order in which they lie in a chunk, the slowest first. */
  readonly order: readonly number[];
  /** For people. */
  readonly name: string;
}

export const PACKINGS = ["zlib", "gzip", "zstd", "blosc", "lz4", "crc32c"] as const;
export type Packing = (typeof PACKINGS)[number];

export interface Sharding {
  /** Shape of a shard, and of the chunks in it. */
  readonly outer: readonly number[];
  readonly inner: readonly number[];
  /** Inner chunks along each axis. */
  readonly counts: readonly number[];
  readonly indexAt: "start" | "end";
  /** The index ends with a checksum of itself. */
  readonly checked: boolean;
}

interface CodecSpec {
  readonly name: string;
  readonly configuration?: Readonly<Record<string, unknown>> | undefined;
}

/** Chunks in one shard: its index is read as a whole, 16 bytes each. */
const MAX_INNER = 2 ** 20;

const natural = (axes: number): readonly number[] => Array.from({ length: axes }, (_, axis) => axis);

export function chainOfV2(
  compressor: { readonly id: string } | null,
  filters: readonly { readonly id: string }[],
  order: "C" | "F",
  axes: number,
): Chain {
  const [filter] = filters;
  if (filter) throw unreadable(`its chunks pass the filter ${shown(filter.id)}, which is not supported`);
  const packings = compressor ? [packing(compressor.id)] : [];
  return {
    packings,
    order: order === "C" ? natural(axes) : natural(axes).toReversed(),
    name: packings.join(" + ") || "none",
  };
}

/** Codecs of Zarr 3: any number from array to array, one from array to bytes, any number from bytes to bytes. */
export function chainOfV3(
  codecs: readonly CodecSpec[],
  chunk: readonly number[],
  sampleBytes: number,
): { readonly chain: Chain; readonly sharding: Sharding | null; readonly littleEndian: boolean } {
  let order = natural(chunk.length);
  let littleEndian: boolean | null = null;
  let sharded: { readonly sharding: Sharding; readonly inside: ReturnType<typeof chainOfV3> } | null = null;
  const packings: Packing[] = [];
  for (const { name, configuration = {} } of codecs) {
    const isPacked = littleEndian !== null || sharded !== null;
    if (name === "transpose" && !isPacked) order = transposed(order, configuration.order);
    else if (name === "bytes" && !isPacked) littleEndian = isLittle(configuration.endian, sampleBytes);
    else if (name === "sharding_indexed" && !isPacked) {
      if (order.some((axis, index) => axis !== index))
        throw unreadable("its shards are transposed as a whole, which is not supported");
      sharded = shardingOf(configuration, chunk, sampleBytes);
    } else if (isPacked && !sharded) packings.unshift(packing(name));
    else throw unreadable(`its chunks use the codec ${shown(name)} in a place where it is not supported`);
  }
  if (sharded) {
    const { chain, littleEndian: inner } = sharded.inside;
    return { chain: { ...chain, name: `${chain.name} in shards` }, sharding: sharded.sharding, littleEndian: inner };
  }
  if (littleEndian === null) throw unreadable("its codecs do not say how samples become bytes");
  return { chain: { packings, order, name: packings.join(" + ") || "none" }, sharding: null, littleEndian };
}

function packing(name: string): Packing {
  const found = PACKINGS.find((one) => one === name.replace(/^numcodecs\./, ""));
  if (found) return found;
  throw unreadable(`its chunks use the codec ${shown(name)}, which is not supported; ${PACKINGS.join(", ")} are`);
}

function transposed(order: readonly number[], given: unknown): readonly number[] {
  const axes = Array.isArray(given) ? (given as unknown[]) : [];
  const picked = axes.map((axis) => (typeof axis === "number" ? order[axis] : undefined));
  const isPermutation = axes.length === order.length && new Set(axes).size === order.length;
  if (!isPermutation || picked.includes(undefined))
    throw unreadable("its transpose codec names no permutation of the axes");
  return picked as number[];
}

function isLittle(endian: unknown, sampleBytes: number): boolean {
  if (endian === "little" || (endian === undefined && sampleBytes === 1)) return true;
  if (endian === "big") return false;
  throw unreadable("its bytes codec does not say which end of a sample comes first");
}

function shardingOf(
  {
    chunk_shape: inner,
    codecs,
    index_codecs: indexCodecs,
    index_location: location = "end",
  }: Readonly<Record<string, unknown>>,
  outer: readonly number[],
  sampleBytes: number,
): { readonly sharding: Sharding; readonly inside: ReturnType<typeof chainOfV3> } {
  if (!isSizes(inner, outer.length)) throw unreadable("its shards do not say how large the chunks in them are");
  const counts = outer.map((side, axis) => side / (inner[axis] ?? 1));
  if (!counts.every(Number.isInteger)) throw unreadable("its shards are not filled by whole chunks");
  if (counts.reduce((product, count) => product * count, 1) > MAX_INNER)
    throw unreadable(`its shards hold more than ${MAX_INNER} chunks`);
  if (location !== "start" && location !== "end")
    throw unreadable("its shards have their index neither at start nor end");
  const names = codecNames(indexCodecs);
  const isKnown = names[0]?.name === "bytes" && isLittle(names[0].configuration?.endian, 8);
  if (!isKnown || names.length > 2 || (names.length === 2 && names[1]?.name !== "crc32c"))
    throw unreadable("the index of its shards is packed in a way that is not supported");
  return {
    sharding: { outer, inner, counts, indexAt: location, checked: names.length === 2 },
    inside: chainOfV3(codecNames(codecs), inner, sampleBytes),
  };
}

function isSizes(value: unknown, length: number): value is readonly number[] {
  return (
    Array.isArray(value) && value.length === length && value.every((side) => Number.isSafeInteger(side) && side >= 1)
  );
}

function codecNames(value: unknown): readonly CodecSpec[] {
  const codecs = Array.isArray(value) ? (value as unknown[]) : [];
  return codecs.slice(0, 16).map((codec): CodecSpec => {
    if (typeof codec === "string") return { name: codec };
    const { name, configuration } = (codec ?? {}) as { readonly name?: unknown; readonly configuration?: unknown };
    if (typeof name !== "string") throw unreadable("a codec of its shards has no name");
    return { name, configuration: (configuration ?? {}) as Record<string, unknown> };
  });
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 60));
}
