/**
 * How glibc hands out memory in the server, where nobody said otherwise; other C libraries do not read it. By itself it has eight arenas a core, each of
 * which keeps what its threads freed. One is enough: a tile lies in memory of the thread that made it, a worker or the one that reads the store, and
 * the next tile in its place is another thread's. With two arenas 69 MB lay free in one after 13,000 tiles, while the other had grown by as much; with
 * one nothing grew, and tiles took no more time. To give memory back sooner (MALLOC_TRIM_THRESHOLD_, MALLOC_MMAP_THRESHOLD_) was refused: it
 * costs 4 % of a tile's time. So was jemalloc, which held more than any of these.
 */
export const ALLOCATOR: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: "1" };
