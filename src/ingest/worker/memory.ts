import { createPixelOps } from "../../kernel/pixel-ops.ts";
import type { PixelOps } from "../../kernel/pixel-ops.types.ts";
import { Arena } from "../../render/worker/arena.ts";

const PAGE = 65536;
/** All that addresses of 32 bits reach; it holds one decoded chunk and what its codec needs, which sources bound. */
const MAX_PAGES = 65536;

/** Memory that chunks are decoded in. */
export interface Memory {
  readonly arena: Arena;
  readonly pixels: PixelOps;
}

export function createMemory(): Memory {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES });
  // Address 0 is nobody's.
  return { arena: new Arena(memory, MAX_PAGES * PAGE, PAGE), pixels: createPixelOps(memory) };
}
