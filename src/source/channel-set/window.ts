import type { ChunkRef, StoredLevel } from "../types.ts";
import { type AxisSamples, axisSamples } from "./axis.ts";
import type { Group, Member, MemberLevel } from "./group.ts";

/** The samples of a member around one chunk of the set, and the member's chunks that hold them. */
export interface Window {
  readonly columns: AxisSamples;
  readonly rows: AxisSamples;
  readonly pieces: readonly Piece[];
  /** The window is the chunk, sample for pixel. */
  readonly plain: boolean;
}

/** A rectangle of a chunk of a member, and where it lies in the window. */
export interface Piece {
  readonly ref: ChunkRef;
  /** Size of the chunk. */
  readonly width: number;
  readonly height: number;
  readonly fromX: number;
  readonly fromY: number;
  readonly toX: number;
  readonly toY: number;
  readonly columns: number;
  readonly rows: number;
}

/** What is read of a member for one chunk of the set; row by row. */
export function windowOf(ref: ChunkRef, level: StoredLevel, group: Group, member: Member, from: MemberLevel): Window {
  const { info } = member.source;
  const stored = info.levels[from.level] ?? level;
  const coarse = ref.level > 0;
  const along = (at: number, chunk: number, size: number, step: MemberLevel["x"], samples: number) =>
    axisSamples({ ...step, from: at * chunk, length: Math.min(chunk, size - at * chunk), size: samples, coarse });
  const columns = along(ref.x, level.chunkWidth, level.width, from.x, stored.width);
  const rows = along(ref.y, level.chunkHeight, level.height, from.y, stored.height);
  const plane = {
    group: group.group,
    level: from.level,
    z: info.depth === 1 ? 0 : ref.z,
    t: info.times === 1 ? 0 : ref.t,
  };
  const pieces = spans(rows, stored.chunkHeight, stored.height).flatMap((y) =>
    spans(columns, stored.chunkWidth, stored.width).map((x): Piece => {
      return {
        ref: { ...plane, x: x.chunk, y: y.chunk },
        ...{ width: x.size, height: y.size, fromX: x.from, fromY: y.from },
        ...{ toX: x.to, toY: y.to, columns: x.count, rows: y.count },
      };
    }),
  );
  return { columns, rows, pieces, plain: columns.plain && rows.plain };
}

/** Chunks along one axis that hold the samples [first, first + count). */
function spans({ first, count }: AxisSamples, chunkSize: number, size: number) {
  if (count === 0) return [];
  const begin = Math.floor(first / chunkSize);
  const end = Math.ceil((first + count) / chunkSize);
  return Array.from({ length: end - begin }, (_, index) => {
    const chunk = begin + index;
    const start = Math.max(first, chunk * chunkSize);
    const stop = Math.min(first + count, (chunk + 1) * chunkSize);
    return {
      chunk,
      size: Math.min(chunkSize, size - chunk * chunkSize),
      from: start - chunk * chunkSize,
      to: start - first,
      count: stop - start,
    };
  });
}
