import { fullOpacity, isFloat, type PlaneType, planeBytes, planeView } from "../core/dtype.ts";
import type { Identity } from "./identity.ts";
import type { Maybe } from "./tiff/maybe.ts";
import { decodePieces, fetchEach, fetchPieces, type Piece, piecePlanes, pieceScratchBytes } from "./tiff/pieces.ts";
import type {
  ChannelInfo,
  ChunkBytes,
  ChunkLayout,
  ChunkRef,
  DecodeTarget,
  ImageInfo,
  ImageSource,
  SourceChunk,
  StoredColors,
  StoredLevel,
} from "./types.ts";

/** The opacity of some channels, which is a channel itself. */
export interface Alpha {
  /** From 0. */
  readonly channel: number;
  /** Channels that are transparent by it. */
  readonly over: readonly number[];
  /** Those of them that were multiplied by it when they were stored. */
  readonly multiplied: readonly number[];
}

/** What concerns one chunk group. */
interface GroupAlpha {
  readonly group: number;
  readonly sample: number;
  /** Planes of the group's own chunks. */
  readonly over: readonly number[];
  readonly multiplied: readonly number[];
}

type PlaneArray = ReturnType<typeof planeView>;

/**
 * An image whose alpha is applied: samples are float32, NaN where it is 0 (or no number) and where they are the channel's nodata value.
 * Colors that were multiplied by it are divided again. The alpha itself stays as it is, a channel to be read by its name.
 */
export class AlphaSource implements ImageSource {
  readonly info: ImageInfo;
  readonly fetchAll?: NonNullable<ImageSource["fetchAll"]>;
  readonly #inner: ImageSource;
  readonly #groups: ReadonlyMap<number, GroupAlpha>;
  /** By group and sample. */
  readonly #nodata: ReadonlyMap<number, readonly (number | null)[]>;

  constructor(inner: ImageSource, alphas: readonly Alpha[]) {
    this.#inner = inner;
    this.#groups = groupsOf(inner, alphas);
    const isApart = [...this.#groups].some(([group, alpha]) => group !== alpha.group);
    this.info = {
      ...inner.info,
      channels: inner.info.channels.map((channel) => described(channel, alphas)),
      levels: inner.info.levels.map((level) => withAlpha(level, inner, isApart)),
    };
    this.#nodata = nodataOf(inner, this.info.channels);
    const { fetchAll } = inner;
    if (fetchAll) this.fetchAll = isApart ? (refs, signal) => fetchEach(this, refs, signal) : fetchAll.bind(inner);
  }

  get identity(): Identity {
    return this.#inner.identity;
  }

  locate(channel: number): { readonly group: number; readonly sample: number } {
    return this.#inner.locate(channel);
  }

  layout(ref: ChunkRef): ChunkLayout {
    return { ...this.#inner.layout(ref), type: "float32" };
  }

  fetch(ref: ChunkRef, signal?: AbortSignal): Maybe<ChunkBytes> {
    const pieces = this.#pieces(ref);
    return pieces.length === 1 ? this.#inner.fetch(ref, signal) : fetchPieces(pieces, signal);
  }

  scratchBytes(ref: ChunkRef, compressedLength: number): number {
    return pieceScratchBytes(this.#pieces(ref), compressedLength);
  }

  decode(bytes: ChunkBytes, ref: ChunkRef, target: DecodeTarget): void {
    const pieces = this.#pieces(ref);
    const alpha = this.#groups.get(ref.group);
    if (pieces.length === 1) {
      const scratch = target.scratch + piecePlanes(pieces);
      this.#inner.decode(bytes, ref, { ...target, ptr: target.scratch, scratch });
      this.#toFloat(ref, target);
      if (alpha) this.#apply(ref, alpha, target);
      return;
    }
    decodePieces(pieces, bytes, target, (_, index) => {
      if (index === 0) this.#toFloat(ref, target);
      else if (alpha) this.#apply(ref, alpha, target);
    });
  }

  beneath(ref: ChunkRef): SourceChunk {
    return { source: this.#inner, ref };
  }

  async colors(): Promise<StoredColors | null> {
    return (await this.#inner.colors?.()) ?? null;
  }

  close(): void | Promise<void> {
    return this.#inner.close();
  }

  #toFloat(ref: ChunkRef, { pixels, ptr, scratch }: DecodeTarget): void {
    const { width, height, samples, type } = this.#inner.layout(ref);
    const count = width * height;
    for (let sample = 0; sample < samples; sample++) {
      const nodata = this.#nodata.get(ref.group)?.[sample] ?? null;
      pixels.toFloat(scratch + sample * count * planeBytes(type), type, ptr + sample * count * 4, count, nodata);
    }
  }

  /** The alpha's plane lies in scratch memory as it is stored. */
  #apply(ref: ChunkRef, alpha: GroupAlpha, { pixels, ptr, scratch }: DecodeTarget): void {
    const { width, height, samples, type } = this.#inner.layout({ ...ref, group: alpha.group });
    const count = width * height;
    const buffer = pixels.memory.buffer as ArrayBuffer;
    const at = samples > 1 ? alpha.sample * count * planeBytes(type) : 0;
    const opacity = planeView(type, buffer, scratch + at, count);
    const planeOf = (sample: number) => new Float32Array(buffer, ptr + sample * count * 4, count);
    for (const sample of alpha.multiplied) divide(planeOf(sample), opacity, type);
    leaveOut(alpha.over.map(planeOf), opacity, type);
  }

  /** The chunk itself, and that of its alpha where the two lie apart. */
  #pieces(ref: ChunkRef): readonly Piece[] {
    const own = { source: this.#inner, ref };
    const alpha = this.#groups.get(ref.group);
    if (!alpha || alpha.group === ref.group) return [own];
    return [own, { source: this.#inner, ref: { ...ref, group: alpha.group } }];
  }
}

/** Where the last of a picture's channels is called alpha, which pictures of no other kind have, it is applied to the others. */
export function withNamedAlpha(source: ImageSource): ImageSource {
  const alphas = namedAlphas(source.info.channels);
  return alphas.length > 0 ? new AlphaSource(source, alphas) : source;
}

/** The same as a description; none where the last is not called so. */
export function namedAlphas(channels: readonly ChannelInfo[]): readonly Alpha[] {
  const last = channels.at(-1);
  if (last?.name !== "alpha" || channels.length === 1) return [];
  const over = channels.slice(0, -1).map(({ index }) => index);
  return [{ channel: last.index, over, multiplied: [] }];
}

function groupsOf(source: ImageSource, alphas: readonly Alpha[]): ReadonlyMap<number, GroupAlpha> {
  const groups = new Map<number, { over: number[]; multiplied: number[] } & Pick<GroupAlpha, "group" | "sample">>();
  for (const { channel, over, multiplied } of alphas) {
    const place = source.locate(channel);
    for (const one of over) {
      const { group, sample } = source.locate(one);
      const entry = groups.get(group) ?? { ...place, over: [], multiplied: [] };
      groups.set(group, entry);
      entry.over.push(sample);
      if (multiplied.includes(one)) entry.multiplied.push(sample);
    }
  }
  return groups;
}

function nodataOf(
  source: ImageSource,
  channels: readonly ChannelInfo[],
): ReadonlyMap<number, readonly (number | null)[]> {
  const groups = new Map<number, (number | null)[]>();
  for (const { index, nodata } of channels) {
    const { group, sample } = source.locate(index);
    const entry = groups.get(group) ?? [];
    groups.set(group, entry);
    entry[sample] = nodata;
  }
  return groups;
}

function described(channel: ChannelInfo, alphas: readonly Alpha[]): ChannelInfo {
  const isAlpha = alphas.some((one) => one.channel === channel.index);
  // Opacity of a no-data value would be opacity still.
  return { ...channel, masked: true, ...(isAlpha ? { alpha: true, nodata: null } : {}) };
}

/** Decoded chunks are float32, and where the alpha lies apart its chunk is read with each. */
function withAlpha(level: StoredLevel, inner: ImageSource, isApart: boolean): StoredLevel {
  const { samples } = inner.layout({ level: inner.info.levels.indexOf(level), group: 0, z: 0, t: 0, x: 0, y: 0 });
  const { chunkWidth, chunkHeight, chunkReads = 1 } = level;
  return {
    ...level,
    ...(isApart ? { chunkReads: 2 * chunkReads } : {}),
    ...(samples > 1 ? { chunkBytes: samples * chunkWidth * chunkHeight * planeBytes("float32") } : {}),
  };
}

/** NaN in all planes where the opacity is not above 0. */
function leaveOut(planes: readonly Float32Array[], opacity: PlaneArray, type: PlaneType): void {
  const isUnsigned = type === "uint8" || type === "uint16" || type === "uint32";
  const isLeftOut = (at: number) => at < opacity.length && !((opacity[at] ?? 0) > 0);
  const next = (from: number) => {
    // Most of a picture is opaque: the engine's own search is many times faster than a loop.
    if (isUnsigned) return opacity.indexOf(0, from);
    for (let at = from; at < opacity.length; at++) if (isLeftOut(at)) return at;
    return -1;
  };
  for (let at = next(0); at >= 0; ) {
    let end = at + 1;
    while (isLeftOut(end)) end++;
    for (const values of planes) values.fill(Number.NaN, at, end);
    at = next(end);
  }
}

/** Full opacity is the largest value of integers, and 1 of floats. Colors above what their opacity allows are cut to what it does. */
function divide(values: Float32Array, opacity: PlaneArray, type: PlaneType): void {
  const full = fullOpacity(type);
  const most = isFloat(type) ? Number.POSITIVE_INFINITY : full;
  for (let at = 0; at < values.length; at++) {
    const share = opacity[at] ?? 0;
    if (share > 0 && share < full) values[at] = Math.min(most, ((values[at] ?? 0) * full) / share);
  }
}
