import { inflateSync } from "node:zlib";
import { unreadable } from "../../unreadable.ts";
import { type Codec, put } from "./codec.ts";

/** zlib's least. */
const MIN_CHUNK = 64;

/** RFC 1950. One chunk as large as the result: growing buffers would be copied. */
export const deflate: Codec = {
  scratchBytes: () => 0,
  decode(bytes, target) {
    const { capacity } = target;
    try {
      return put(target, inflateSync(bytes, { chunkSize: Math.max(capacity, MIN_CHUNK), maxOutputLength: capacity }));
    } catch (error) {
      const long = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
      throw unreadable(
        long ? "a tile inflates to more than its size" : "the deflate stream of a tile is damaged",
        error,
      );
    }
  },
};
