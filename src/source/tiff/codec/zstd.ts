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

/** At most `limit` bytes. The library gives nothing for a stream that is damaged or longer than the result may be. */
export function inflateZstd(bytes: Uint8Array, limit: number): Uint8Array {
  const decoded = decoder.decode(bytes, limit);
  if (decoded.length === 0) throw unreadable("the Zstd stream of a tile is damaged or longer than the tile");
  return decoded;
}

/** RFC 8878. */
export const zstd: Codec = {
  scratchBytes: () => 0,
  decode: (bytes, target) => put(target, inflateZstd(bytes, target.capacity)),
};
