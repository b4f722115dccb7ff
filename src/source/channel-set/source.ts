import type { Identity } from "../identity.ts";
import type { ChunkBytes, ChunkLayout, ChunkRef, DecodeTarget, ImageInfo, ImageSource, StoredLevel } from "../types.ts";
import { decodeWindow, scratchBytesOf } from "./decode.ts";
import type { Group, Member, MemberLevel } from "./group.ts";
import { packPieces, unpackPieces } from "./pieces.ts";
import { type Window, windowOf } from "./window.ts";

export interface ChannelPlace {
  readonly group: number;
  readonly sample: number;
}

interface SetParts {
  readonly info: ImageInfo;
  readonly identity: Identity;
  readonly members: readonly Member[];
  readonly groups: readonly Group[];
  /** For each channel of the set. */
  readonly channels: readonly ChannelPlace[];
}

/** Where a chunk of the set comes from: a chunk of a member as it is, or a window on several. */
type Origin =
  | { readonly kind: "direct"; readonly member: Member; readonly ref: ChunkRef }
  | { readonly kind: "window"; readonly member: Member; readonly group: Group; readonly window: Window };

/** Members side by side on one grid. Those that have its levels and chunks are passed through as they are. */
export class ChannelSetSource implements ImageSource {
  readonly info: ImageInfo;
  readonly identity: Identity;
  readonly fetchAll?: NonNullable<ImageSource["fetchAll"]>;
  readonly #parts: SetParts;

  constructor(parts: SetParts) {
    this.info = parts.info;
    this.identity = parts.identity;
    this.#parts = parts;
    if (parts.members.some(({ source }) => source.fetchAll))
      this.fetchAll = (refs, signal) => this.#fetchAll(refs, signal);
  }

  locate(channel: number): ChannelPlace {
    const place = this.#parts.channels[channel];
    if (!place) throw new RangeError(`There is no channel ${channel}.`);
    return place;
  }

  layout(ref: ChunkRef): ChunkLayout {
    const { samples, type } = this.#group(ref);
    const { width, height, chunkWidth, chunkHeight } = this.#level(ref);
    return {
      width: Math.min(chunkWidth, width - ref.x * chunkWidth),
      height: Math.min(chunkHeight, height - ref.y * chunkHeight),
      ...{ samples, type },
    };
  }

  fetch(ref: ChunkRef, signal?: AbortSignal): ChunkBytes | Promise<ChunkBytes> {
    const origin = this.#origin(ref);
    const { source } = origin.member;
    if (origin.kind === "direct") return source.fetch(origin.ref, signal);
    return fetchPieces(source, origin.window, signal);
  }

  scratchBytes(ref: ChunkRef, compressedLength: number): number {
    const origin = this.#origin(ref);
    if (origin.kind === "direct") return origin.member.source.scratchBytes(origin.ref, compressedLength);
    return scratchBytesOf(origin.group, origin.member.source, origin.window, compressedLength);
  }

  decode(bytes: ChunkBytes, ref: ChunkRef, target: DecodeTarget): void {
    const origin = this.#origin(ref);
    if (origin.kind === "direct") {
      origin.member.source.decode(bytes, origin.ref, target);
      return;
    }
    const { group, member, window } = origin;
    const pieces = bytes ? unpackPieces(bytes, window.pieces.length) : window.pieces.map(() => null);
    decodeWindow(pieces, group, member, window, target);
  }

  async close(): Promise<void> {
    await Promise.all([...new Set(this.#parts.members.map(({ source }) => source))].map((source) => source.close()));
  }

  /** All chunks of each member at once, every one of them once. */
  async #fetchAll(refs: readonly ChunkRef[], signal?: AbortSignal): Promise<readonly (ChunkBytes | Error)[]> {
    const origins = refs.map((ref) => this.#origin(ref));
    const wanted = new Map<ImageSource, Map<string, ChunkRef>>();
    for (const origin of origins) {
      const { source } = origin.member;
      const known = wanted.get(source) ?? new Map<string, ChunkRef>();
      wanted.set(source, known);
      for (const ref of refsOf(origin)) known.set(refKey(ref), ref);
    }
    const found = new Map<ImageSource, ReadonlyMap<string, ChunkBytes | Error>>();
    await Promise.all(
      [...wanted].map(async ([source, known]) => {
        const bytes = await fetchEach(source, [...known.values()], signal);
        found.set(source, new Map([...known.keys()].map((key, index) => [key, bytes[index] ?? null])));
      }),
    );
    return origins.map((origin) => {
      const chunks = found.get(origin.member.source);
      const pieces = refsOf(origin).map((ref) => chunks?.get(refKey(ref)) ?? null);
      const whole: ChunkBytes[] = [];
      for (const piece of pieces) {
        if (piece instanceof Error) return piece;
        whole.push(piece);
      }
      return origin.kind === "direct" ? (whole[0] ?? null) : packPieces(whole);
    });
  }

  #origin(ref: ChunkRef): Origin {
    const group = this.#group(ref);
    const member = this.#parts.members[group.member];
    const from: MemberLevel | undefined = member?.levels[ref.level];
    if (!member || !from) throw new RangeError(`There is no stored level ${ref.level}.`);
    if (!from.direct)
      return { kind: "window", member, group, window: windowOf(ref, this.#level(ref), group, member, from) };
    const { depth, times } = member.source.info;
    const plane = { z: depth === 1 ? 0 : ref.z, t: times === 1 ? 0 : ref.t };
    return { kind: "direct", member, ref: { ...ref, ...plane, level: from.level, group: group.group } };
  }

  #group({ group }: ChunkRef): Group {
    const found = this.#parts.groups[group];
    if (!found) throw new RangeError(`There is no chunk group ${group}.`);
    return found;
  }

  #level({ level }: ChunkRef): StoredLevel {
    const found = this.info.levels[level];
    if (!found) throw new RangeError(`There is no stored level ${level}.`);
    return found;
  }
}

function refsOf(origin: Origin): readonly ChunkRef[] {
  return origin.kind === "direct" ? [origin.ref] : origin.window.pieces.map(({ ref }) => ref);
}

function refKey({ level, group, z, t, x, y }: ChunkRef): string {
  return `${level}/${group}/${z}/${t}/${x}/${y}`;
}

/** One after the other: bytes of a chunk are good until the next is read. Without a promise where the medium needs none. */
function fetchPieces(source: ImageSource, { pieces }: Window, signal?: AbortSignal): Uint8Array | Promise<Uint8Array> {
  const found: ChunkBytes[] = [];
  for (const { ref } of pieces) {
    const bytes = source.fetch(ref, signal);
    if (bytes instanceof Promise)
      return fetchRest(
        source,
        pieces.map((piece) => piece.ref),
        found,
        bytes,
        signal,
      );
    found.push(bytes && (pieces.length > 1 ? bytes.slice() : bytes));
  }
  return packPieces(found);
}

async function fetchRest(
  source: ImageSource,
  refs: readonly ChunkRef[],
  found: ChunkBytes[],
  first: Promise<ChunkBytes>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  found.push((await first)?.slice() ?? null);
  for (const ref of refs.slice(found.length)) found.push((await source.fetch(ref, signal))?.slice() ?? null);
  return packPieces(found);
}

async function fetchEach(
  source: ImageSource,
  refs: readonly ChunkRef[],
  signal: AbortSignal | undefined,
): Promise<readonly (ChunkBytes | Error)[]> {
  if (source.fetchAll) return source.fetchAll(refs, signal);
  const found: ChunkBytes[] = [];
  for (const ref of refs) found.push((await source.fetch(ref, signal))?.slice() ?? null);
  return found;
}
