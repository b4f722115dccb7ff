import { unreadable } from "../unreadable.ts";

/** Bytes of a whole number of 64 bits. */
const WIDE_BYTES = 8;
const SIGN_BIT = 31;

/**
 * Whole numbers of 64 bits, little-endian, as 32 bits with or without a sign: labels are counted so, and none reaches beyond. `to` may lie
 * before `from`, or be it. SOURCE_UNREADABLE where one does.
 */
export function narrow(memory: WebAssembly.Memory, from: number, to: number, count: number, isSigned: boolean): void {
  const view = new DataView(memory.buffer);
  for (let index = 0; index < count; index++) {
    const low = view.getUint32(from + index * WIDE_BYTES, true);
    const high = view.getInt32(from + index * WIDE_BYTES + 4, true);
    const due = isSigned ? (low | 0) >> SIGN_BIT : 0;
    if (high !== due)
      throw unreadable(
        "its samples of 64 bits are read as 32, and one is larger; write it anew as float64, or with smaller numbers",
      );
    view.setUint32(to + index * 4, low, true);
  }
}
