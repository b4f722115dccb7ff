import { ZSTDDecoder } from "zstddec";
import { unreadable } from "../../unreadable.ts";
import { type Codec, put } from "./codec.ts";

const decoder = new ZSTDDecoder();
let ready = false;

/** Compiles the decoder, once, before the first `decode`; null: done. */
export function initZstd(): Promise<void> | null {
  if (ready) return null;
  return decoder.init().then(() => {
    ready = true;
  });
}

/** RFC 8878. The library gives nothing for a stream that is damaged or longer than the result may be. */
export const zstd: Codec = {
  scratchBytes: () => 0,
  decode(bytes, target) {
    const decoded = decoder.decode(bytes, target.capacity);
    if (decoded.length === 0) throw unreadable("the Zstd stream of a tile is damaged or longer than the tile");
    return put(target, decoded);
  },
};
