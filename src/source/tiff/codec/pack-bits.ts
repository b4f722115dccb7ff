import { SLACK_BYTES } from "../../../kernel/index.ts";
import { unreadable } from "../../unreadable.ts";
import type { Codec } from "./codec.ts";

/** TIFF 6.0 section 9. */
export const packBits: Codec = {
  scratchBytes: (compressedLength) => compressedLength + SLACK_BYTES,
  decode(bytes, { pixels, ptr, capacity, scratch }) {
    new Uint8Array(pixels.memory.buffer, scratch, bytes.length).set(bytes);
    const written = pixels.packBits(scratch, bytes.length, ptr, capacity);
    if (written < 0) throw unreadable("the PackBits stream of a strip is damaged or longer than the strip");
    return written;
  },
};
