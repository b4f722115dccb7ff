/**
 * How V8 collects garbage in the server. Tiles pass as buffers beside the heap, so its young generation stays small: 4 MiB take 20 MB less
 * than V8's own choice and no more time. And it collects on the thread that made the garbage: every core has a worker already, and
 * helper threads for collections this small cost a quarter of a cold tile's CPU time.
 */
export const V8_FLAGS: readonly string[] = ["--max-semi-space-size=4", "--single-threaded-gc"];
