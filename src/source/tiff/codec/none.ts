import { type Codec, put } from "./codec.ts";

/** Bytes behind the end of a block are padding. */
export const none: Codec = {
  scratchBytes: () => 0,
  decode: (bytes, target) => put(target, bytes.length > target.capacity ? bytes.subarray(0, target.capacity) : bytes),
};
