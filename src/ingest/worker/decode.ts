import { planeBytes, planeView } from "../../core/dtype.ts";
import type { ChunkBytes, ChunkLayout, ChunkRef, ImageSource } from "../../source/index.ts";
import type { Samples } from "../../source/tiff/write-downsample.ts";
import type { Memory } from "./memory.ts";

/** Decodes a chunk and gives its planes, one after the other, to `take`; they are good until it returns. */
export function withDecoded(
  memory: Memory,
  source: ImageSource,
  ref: ChunkRef,
  bytes: ChunkBytes,
  take: (planes: Samples, layout: ChunkLayout) => void,
): void {
  const { arena, pixels } = memory;
  const layout = source.layout(ref);
  const count = layout.samples * layout.width * layout.height;
  using scope = arena.scope();
  const ptr = scope.allocate(count * planeBytes(layout.type));
  const scratch = scope.allocate(source.scratchBytes(ref, bytes?.byteLength ?? 0));
  source.decode(bytes, ref, { pixels, ptr, scratch });
  take(planeView(layout.type, arena.memory.buffer as ArrayBuffer, ptr, count), layout);
}
