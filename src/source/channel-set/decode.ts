import { planeBytes, planeView } from "../../core/dtype.ts";
import { isNodata, SLACK_BYTES } from "../../kernel/index.ts";
import type { ChunkBytes, DecodeTarget, ImageSource } from "../types.ts";
import type { Group, Member } from "./group.ts";
import { resampleBilinear, resampleNearest } from "./resample.ts";
import type { Piece, Window } from "./window.ts";

/** Begins of blocks in scratch memory; the widest loads are of 16 bytes. */
const ALIGNMENT = 16;

/** Where what lies in scratch memory while a chunk is made; addresses count from its start. */
interface ScratchPlan {
  /** A chunk of the member as it decodes it. */
  readonly chunk: number;
  /** One of its planes as float32. */
  readonly floats: number;
  readonly window: number;
  /** Scratch of the member. */
  readonly inner: number;
  readonly bytes: number;
}

export function scratchBytesOf(group: Group, source: ImageSource, window: Window, compressedLength: number): number {
  const inner = window.pieces.map(({ ref }) => source.scratchBytes(ref, compressedLength));
  return plan(group, window).bytes + Math.max(0, ...inner);
}

function plan({ samples, stored, type }: Group, { pieces, columns, rows, plain }: Window): ScratchPlan {
  const pixels = Math.max(0, ...pieces.map(({ width, height }) => width * height));
  const chunk = ALIGNMENT;
  const floats = next(chunk + samples * pixels * planeBytes(stored));
  const window = next(floats + (stored === type ? 0 : pixels * planeBytes(type)));
  const inner = next(window + (plain ? 0 : samples * columns.count * rows.count * planeBytes(type)));
  return { chunk, floats, window, inner, bytes: inner + SLACK_BYTES };
}

function next(end: number): number {
  return Math.ceil((end + SLACK_BYTES) / ALIGNMENT) * ALIGNMENT;
}

/** Make a chunk of the set from chunks of a member: gather the samples around it, then find each pixel among them. */
export function decodeWindow(
  pieces: readonly ChunkBytes[],
  group: Group,
  { source, reading }: Member,
  window: Window,
  target: DecodeTarget,
): void {
  const { pixels, ptr } = target;
  const { columns, rows, plain } = window;
  const base = Math.ceil(target.scratch / ALIGNMENT) * ALIGNMENT;
  const places = plan(group, window);
  const gathered = plain ? ptr : base + places.window;
  for (const [index, piece] of window.pieces.entries()) {
    const chunk = base + places.chunk;
    source.decode(pieces[index] ?? null, piece.ref, { pixels, ptr: chunk, scratch: base + places.inner });
    for (let sample = 0; sample < group.samples; sample++)
      copyPlane(group, sample, piece, { pixels, chunk, floats: base + places.floats, gathered, window });
  }
  if (plain) return;
  const sampleBytes = planeBytes(group.type);
  for (let sample = 0; sample < group.samples; sample++) {
    const from = gathered + sample * columns.count * rows.count * sampleBytes;
    const to = ptr + sample * columns.nearest.length * rows.nearest.length * sampleBytes;
    const job = { pixels, from, columns, rows, to, outside: group.outside[sample] ?? Number.NaN };
    if (reading === "bilinear") resampleBilinear({ ...job, type: "float32" });
    else resampleNearest({ ...job, type: group.type });
  }
}

interface CopyPlaces {
  readonly pixels: DecodeTarget["pixels"];
  readonly chunk: number;
  readonly floats: number;
  readonly gathered: number;
  readonly window: Window;
}

/** One sample of a decoded chunk of the member to its place in the window. */
function copyPlane(group: Group, sample: number, piece: Piece, places: CopyPlaces): void {
  const { pixels, chunk, floats, gathered, window } = places;
  const { stored, type } = group;
  const count = piece.width * piece.height;
  const nodata = group.nodata[sample] ?? null;
  const bytes = planeBytes(type);
  let from = chunk + sample * count * planeBytes(stored);
  if (stored !== type) {
    pixels.toFloat(from, stored, floats, count, nodata);
    from = floats;
  } else if (nodata !== null) {
    const { buffer } = pixels.memory as { readonly buffer: ArrayBuffer };
    const values = planeView(type, buffer, from, count);
    for (let i = 0; i < count; i++) if (isNodata(type, values[i] ?? 0, nodata)) values[i] = Number.NaN;
  }
  const toStride = window.columns.count * bytes;
  const plane = gathered + sample * window.rows.count * toStride;
  pixels.copyRect(
    from + (piece.fromY * piece.width + piece.fromX) * bytes,
    piece.width * bytes,
    plane + piece.toY * toStride + piece.toX * bytes,
    toStride,
    piece.columns * bytes,
    piece.rows,
  );
}
