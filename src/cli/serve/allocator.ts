/**
 * How glibc hands out memory in the server, where nobody said otherwise; other C libraries do not read it. By itself it has eight arenas a core, each of
 * which keeps what its threads freed, and it learns to keep buffers of up to 32 MiB in them. Codecs and workers come and go through all: after
 * 2,000 tiles of as many formulas a fifth more memory was held, for no time saved. jemalloc held as much as glibc untold.
 */
export const ALLOCATOR: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "2",
  // Bytes. Free memory at the end of an arena goes back from here on; buffers from here on are mapped for themselves, and given back at once.
  MALLOC_TRIM_THRESHOLD_: String(128 * 1024),
  MALLOC_MMAP_THRESHOLD_: String(1024 * 1024),
};
