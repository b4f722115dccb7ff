import { createPixelOps } from "../../kernel/pixel-ops.ts";
import type { PixelOps } from "../../kernel/pixel-ops.types.ts";
import { Arena } from "../../render/worker/arena.ts";

const PAGE = 65536;
/** Holds one decoded chunk and what its codec needs; sources bound both. */
const MAX_BYTES = 2 ** 30;

/** Memory that chunks are decoded in. */
export interface Memory {
  readonly arena: Arena;
  readonly pixels: PixelOps;
}

export function createMemory(): Memory {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_BYTES / PAGE });
  // Address 0 is nobody's.
  return { arena: new Arena(memory, MAX_BYTES, PAGE), pixels: createPixelOps(memory) };
}
