import { LZW_WORK_BYTES, SLACK_BYTES } from "../../../kernel/index.ts";
import { unreadable } from "../../unreadable.ts";
import type { Codec } from "./codec.ts";

const ALIGNMENT = 16;

/** TIFF 6.0 section 13. The old bit order (least significant first, before TIFF 5.0) is told by its first two bytes. */
export const lzw: Codec = {
  scratchBytes: (compressedLength) => inputBytes(compressedLength) + LZW_WORK_BYTES,
  decode(bytes, { pixels, ptr, capacity, scratch }) {
    if (bytes[0] === 0 && ((bytes[1] ?? 0) & 1) === 1)
      throw unreadable("its LZW tiles have the bit order of before 1992, which is not supported");
    new Uint8Array(pixels.memory.buffer, scratch, bytes.length).set(bytes);
    const written = pixels.lzw(scratch, bytes.length, ptr, capacity, scratch + inputBytes(bytes.length));
    if (written < 0) throw unreadable("the LZW stream of a tile is damaged or longer than the tile");
    return written;
  },
};

function inputBytes(length: number): number {
  return Math.ceil((length + SLACK_BYTES) / ALIGNMENT) * ALIGNMENT;
}
