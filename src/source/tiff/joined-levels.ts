import { planeBytes } from "../../core/dtype.ts";
import type { Identity } from "../identity.ts";
import type {
  ChunkBytes,
  ChunkLayout,
  ChunkRef,
  DecodeTarget,
  ImageInfo,
  ImageSource,
  SourceChunk,
  StoredColors,
  StoredLevel,
} from "../types.ts";
import type { Maybe } from "./maybe.ts";
import { decodePieces, fetchEach, fetchPieces, type Piece, pieceScratchBytes } from "./pieces.ts";

/** A plane of a chunk of coarse levels, and which plane of ours it is. */
interface Plane {
  readonly group: number;
  readonly from: number;
  readonly to: number;
}

/**
 * An image whose coarse levels are another image of the same channels and types. They may lie otherwise: GDAL writes overviews beside a file
 * plane by plane, also where the file interleaves its channels.
 */
export class JoinedLevels implements ImageSource {
  readonly info: ImageInfo;
  readonly fetchAll?: NonNullable<ImageSource["fetchAll"]>;
  readonly beneath?: NonNullable<ImageSource["beneath"]>;
  readonly #fine: ImageSource;
  readonly #coarse: ImageSource;
  /** Of the coarse levels, by our group. */
  readonly #planes: ReadonlyMap<number, readonly Plane[]>;

  /** `fine` closes the files of both. `stored`: the same without what is applied to both. */
  constructor(fine: ImageSource, coarse: ImageSource, stored: JoinedLevels | null = null) {
    this.#fine = fine;
    this.#coarse = coarse;
    this.#planes = planesOf(fine, coarse);
    const pieces = Math.max(...[...this.#planes.values()].map((planes) => groupsOf(planes).length));
    const more = coarse.info.levels.map((level) => this.#described(level, pieces));
    this.info = { ...fine.info, levels: [...fine.info.levels, ...more] };
    if (fine.fetchAll || coarse.fetchAll) this.fetchAll = (refs, signal) => fetchEach(this, refs, signal);
    if (stored) this.beneath = (ref): SourceChunk => ({ source: stored, ref });
  }

  get identity(): Identity {
    return this.#fine.identity;
  }

  locate(channel: number): { readonly group: number; readonly sample: number } {
    return this.#fine.locate(channel);
  }

  layout(ref: ChunkRef): ChunkLayout {
    if (this.#isFine(ref)) return this.#fine.layout(ref);
    const [first] = this.#pieces(ref);
    const { samples, type } = this.#fine.layout({ ...ref, level: 0, x: 0, y: 0 });
    const { width, height } = this.#coarse.layout(first?.ref ?? this.#coarseRef(ref, 0));
    return { width, height, samples, type };
  }

  fetch(ref: ChunkRef, signal?: AbortSignal): Maybe<ChunkBytes> {
    if (this.#isFine(ref)) return this.#fine.fetch(ref, signal);
    const as = this.#asStored(ref);
    return as ? this.#coarse.fetch(as, signal) : fetchPieces(this.#pieces(ref), signal);
  }

  scratchBytes(ref: ChunkRef, compressedLength: number): number {
    if (this.#isFine(ref)) return this.#fine.scratchBytes(ref, compressedLength);
    const as = this.#asStored(ref);
    return as
      ? this.#coarse.scratchBytes(as, compressedLength)
      : pieceScratchBytes(this.#pieces(ref), compressedLength);
  }

  decode(bytes: ChunkBytes, ref: ChunkRef, target: DecodeTarget): void {
    const as = this.#isFine(ref) ? null : this.#asStored(ref);
    if (this.#isFine(ref)) this.#fine.decode(bytes, ref, target);
    else if (as) this.#coarse.decode(bytes, as, target);
    else this.#decodePlanes(bytes, ref, target);
  }

  async colors(): Promise<StoredColors | null> {
    return (await this.#fine.colors?.()) ?? null;
  }

  /** Of both. */
  async close(): Promise<void> {
    await this.#fine.close();
  }

  #decodePlanes(bytes: ChunkBytes, ref: ChunkRef, target: DecodeTarget): void {
    const { width, height, type } = this.layout(ref);
    const plane = width * height * planeBytes(type);
    const planes = this.#planes.get(ref.group) ?? [];
    decodePieces(this.#pieces(ref), bytes, target, (piece) => {
      const memory = new Uint8Array(target.pixels.memory.buffer);
      for (const { group, from, to } of planes) {
        const start = target.scratch + from * plane;
        if (group === piece.ref.group) memory.copyWithin(target.ptr + to * plane, start, start + plane);
      }
    });
  }

  #isFine({ level }: ChunkRef): boolean {
    return level < this.#fine.info.levels.length;
  }

  #coarseRef(ref: ChunkRef, group: number): ChunkRef {
    return { ...ref, level: ref.level - this.#fine.info.levels.length, group };
  }

  #pieces(ref: ChunkRef): readonly Piece[] {
    const groups = groupsOf(this.#planes.get(ref.group) ?? []);
    return groups.map((group) => ({ source: this.#coarse, ref: this.#coarseRef(ref, group) }));
  }

  /** The chunk itself, where its planes lie as ours do. */
  #asStored(ref: ChunkRef): ChunkRef | null {
    const [piece, ...others] = this.#pieces(ref);
    const planes = this.#planes.get(ref.group) ?? [];
    if (!piece || others.length > 0) return null;
    return this.#coarse.layout(piece.ref).samples === planes.length ? piece.ref : null;
  }

  #described(level: StoredLevel, pieces: number): StoredLevel {
    const { samples, type } = this.#fine.layout({ level: 0, group: 0, z: 0, t: 0, x: 0, y: 0 });
    const own = samples > 1 ? samples * level.chunkWidth * level.chunkHeight * planeBytes(type) : 0;
    const chunkBytes = Math.max(own, level.chunkBytes ?? 0);
    return {
      ...level,
      ...(pieces > 1 ? { chunkReads: pieces * (level.chunkReads ?? 1) } : {}),
      ...(chunkBytes > 0 ? { chunkBytes } : {}),
    };
  }
}

function planesOf(fine: ImageSource, coarse: ImageSource): ReadonlyMap<number, readonly Plane[]> {
  const planes = new Map<number, Plane[]>();
  for (const { index } of fine.info.channels) {
    const [{ group, sample: to }, place] = [fine.locate(index), coarse.locate(index)];
    const list = planes.get(group) ?? [];
    planes.set(group, list);
    list.push({ group: place.group, from: place.sample, to });
  }
  return planes;
}

function groupsOf(planes: readonly Plane[]): readonly number[] {
  return [...new Set(planes.map(({ group }) => group))];
}
