import { createPixelOps } from "../../kernel/pixel-ops.ts";
import type { PixelOps } from "../../kernel/pixel-ops.types.ts";
import type { Counters, WorkerSettings } from "../protocol.ts";
import { Arena } from "./arena.ts";
import { ChunkCache } from "./chunk-cache.ts";
import { ImageCache, type OpenSource } from "./images.ts";
import { KernelCache } from "./kernels.ts";

const PAGE = 65536;

/** WebAssembly addresses are 32 bits wide. */
const MAX_PAGES = 65536;

/** Address 0 stays free, so that no block is mistaken for none. */
const RESERVED_BYTES = PAGE;

/** What a worker does its work with: one memory, and what is kept in it from one job to the next. */
export interface Workbench {
  readonly arena: Arena;
  readonly pixels: PixelOps;
  readonly chunks: ChunkCache;
  readonly images: ImageCache;
  readonly kernels: KernelCache;
  readonly counters: { -readonly [Name in keyof Counters]: number };
}

export function createWorkbench(
  { cacheBytes, memoryBytes }: Pick<WorkerSettings, "cacheBytes" | "memoryBytes">,
  openSource: OpenSource,
): Workbench {
  const maximum = Math.min(Math.ceil(memoryBytes / PAGE), MAX_PAGES);
  const memory = new WebAssembly.Memory({ initial: RESERVED_BYTES / PAGE, maximum });
  const arena = new Arena(memory, maximum * PAGE, RESERVED_BYTES);
  const chunks = new ChunkCache(arena, cacheBytes);
  const counters = { chunksDecoded: 0, chunkHits: 0, kernelsCompiled: 0 };
  return {
    arena,
    pixels: createPixelOps(memory),
    chunks,
    images: new ImageCache(openSource, (id) => chunks.forget(`${id}/`)),
    kernels: new KernelCache(arena, () => counters.kernelsCompiled++),
    counters,
  };
}
