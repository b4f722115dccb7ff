import { INFLATE_TOO_LONG, INFLATE_WORK_BYTES, SLACK_BYTES } from "../../../kernel/index.ts";
import { unreadable } from "../../unreadable.ts";
import type { Codec } from "./codec.ts";

const ALIGNMENT = 16;
const HEADER_BYTES = 2;
const CHECKSUM_BYTES = 4;
const DEFLATE_METHOD = 8;
/** A dictionary that only the writer had. */
const PRESET_DICTIONARY = 0x20;

/** RFC 1950. The loop of the kernel writes where the pixels are wanted; zlib's result would have to be copied there. */
export const deflate: Codec = {
  scratchBytes: (compressedLength) => inputBytes(compressedLength) + INFLATE_WORK_BYTES,
  decode(bytes, { pixels, ptr, capacity, scratch }) {
    if (!hasHeader(bytes)) throw damaged();
    new Uint8Array(pixels.memory.buffer, scratch, bytes.length).set(bytes);
    const work = scratch + inputBytes(bytes.length);
    const written = pixels.inflate(scratch + HEADER_BYTES, bytes.length - HEADER_BYTES, ptr, capacity, work);
    if (written === INFLATE_TOO_LONG) throw unreadable("a tile inflates to more than its size");
    if (written < 0) throw damaged();
    const memory = new DataView(pixels.memory.buffer);
    const end = memory.getUint32(work, true);
    const isWhole = end + CHECKSUM_BYTES <= scratch + bytes.length;
    if (!isWhole || memory.getInt32(end) !== pixels.adler32(ptr, written)) throw damaged();
    return written;
  },
};

function damaged() {
  return unreadable("the deflate stream of a tile is damaged");
}

function hasHeader([method = 0, flags = 0]: Uint8Array): boolean {
  const isChecked = (method * 256 + flags) % 31 === 0;
  return isChecked && (method & 15) === DEFLATE_METHOD && method >> 4 <= 7 && (flags & PRESET_DICTIONARY) === 0;
}

function inputBytes(length: number): number {
  return Math.ceil((length + SLACK_BYTES) / ALIGNMENT) * ALIGNMENT;
}
