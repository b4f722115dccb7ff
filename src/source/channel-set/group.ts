import { type PlaneType, planeBytes } from "../../core/dtype.ts";
import type { ImageSource, StoredLevel } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { isIdentity, type LevelSource } from "./levels.ts";

/** Channels of the set that lie in one chunk: those of one group of one member. */
export interface Group {
  /** Index of the member, and its group. */
  readonly member: number;
  readonly group: number;
  readonly samples: number;
  /** How the member decodes it, and how the set does. */
  readonly stored: PlaneType;
  readonly type: PlaneType;
  /** For each sample what means no data, where it is made NaN; else null. */
  readonly nodata: readonly (number | null)[];
  /** For each sample what stands outside of the member. */
  readonly outside: readonly number[];
}

/** A member on the grid of the set. */
export interface Member {
  readonly source: ImageSource;
  /** `exact`: its pixels are those of the set. */
  readonly reading: "exact" | "bilinear" | "nearest";
  /** For each level of the set. */
  readonly levels: readonly MemberLevel[];
}

export interface MemberLevel extends LevelSource {
  /** Chunks of the member are chunks of the set. */
  readonly direct: boolean;
}

/** Chunks of a member that make one chunk of the set: each is a read. */
const MAX_PIECES = 1024;
/** Decoded bytes that one chunk of the set may need at a time, in a worker's memory. */
const MAX_CHUNK_MIB = 64;

/** Of a plane, where a member does not tell what its chunks hold. */
const MAX_SAMPLE_BYTES = 8;

/** A level of a member, given the grid of the set's. */
export function memberLevel(
  from: LevelSource,
  stored: StoredLevel | undefined,
  level: StoredLevel,
  exact: boolean,
): MemberLevel {
  const sameGrid =
    stored?.width === level.width &&
    stored.height === level.height &&
    stored.chunkWidth === level.chunkWidth &&
    stored.chunkHeight === level.chunkHeight;
  return { ...from, direct: exact && sameGrid && isIdentity(from) };
}

/** A level of the set, with what its chunks cost where they are made of chunks of a member. */
export function withPieces(level: StoredLevel, index: number, members: readonly Member[]): StoredLevel {
  const costs = members.flatMap(({ source, levels }) => {
    const from = levels[index];
    const stored = from && source.info.levels[from.level];
    if (!from || !stored) return [];
    const { chunkReads = 1, chunkBytes = stored.chunkWidth * stored.chunkHeight * MAX_SAMPLE_BYTES } = stored;
    if (from.direct) return [{ reads: chunkReads, bytes: stored.chunkBytes ?? 0 }];
    // On the average over the places that a chunk may have.
    const across = 1 + (level.chunkWidth * from.x.step) / stored.chunkWidth;
    const down = 1 + (level.chunkHeight * from.y.step) / stored.chunkHeight;
    return [{ reads: Math.ceil(across * down * chunkReads), bytes: Math.ceil(across * down * chunkBytes) }];
  });
  const chunkReads = Math.max(1, ...costs.map(({ reads }) => reads));
  const chunkBytes = Math.max(0, ...costs.map(({ bytes }) => bytes));
  return { ...level, ...(chunkReads > 1 ? { chunkReads } : {}), ...(chunkBytes > 0 ? { chunkBytes } : {}) };
}

/** SOURCE_UNREADABLE where a chunk of the set would be made of too many chunks of a member, or take too much memory. */
export function assertChunks(group: Group, member: Member | undefined, set: readonly StoredLevel[]): void {
  for (const [index, level] of set.entries()) {
    const from = member?.levels[index];
    const stored = from && member?.source.info.levels[from.level];
    if (!from || !stored || from.direct) continue;
    const width = Math.min(stored.width, level.chunkWidth * from.x.step + 2);
    const height = Math.min(stored.height, level.chunkHeight * from.y.step + 2);
    const pieces = (Math.ceil(width / stored.chunkWidth) + 1) * (Math.ceil(height / stored.chunkHeight) + 1);
    const samples = width * height + level.chunkWidth * level.chunkHeight;
    const chunk = stored.chunkWidth * stored.chunkHeight * (planeBytes(group.stored) + planeBytes(group.type));
    const mebibytes = Math.ceil((group.samples * (samples * planeBytes(group.type) + chunk)) / 2 ** 20);
    if (pieces > MAX_PIECES || mebibytes > MAX_CHUNK_MIB)
      throw unreadable(
        `the chunks of its file ${group.member + 1} (${stored.chunkWidth} × ${stored.chunkHeight} pixels) do not go together with those of its finest file ` +
          `(${level.chunkWidth} × ${level.chunkHeight}); convert both to tiles of 256 or 512 pixels`,
      );
  }
}
