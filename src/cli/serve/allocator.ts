/**
 * How glibc hands out memory in the server, where nobody said otherwise; other C libraries do not read it. By itself it has eight arenas a core, each of
 * which keeps what its threads freed, and codecs and workers come and go through all: after 2,000 tiles of as many formulas a tenth more memory
 * was held. To give memory back sooner (MALLOC_TRIM_THRESHOLD_, MALLOC_MMAP_THRESHOLD_) was refused: it costs 4 % of a tile's time. So was
 * jemalloc, which held more than any of these.
 */
export const ALLOCATOR: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: "2" };
