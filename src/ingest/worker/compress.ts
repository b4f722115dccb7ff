import { deflateSync, gzipSync } from "node:zlib";
import Blosc from "numcodecs/blosc";
import Zstd from "numcodecs/zstd";
import type { ChunkEncoding } from "../options.ts";

export type Compress = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** Blosc's byte shuffle; its build in numcodecs takes samples for four bytes wide whatever they are. */
const SHUFFLE = 1;

export function compressor({ compression, effort }: ChunkEncoding): Compress {
  switch (compression) {
    case "deflate":
      return (bytes) => deflateSync(bytes, { level: effort });
    case "gzip":
      return (bytes) => gzipSync(bytes, { level: effort });
    case "zstd": {
      const codec = Zstd.fromConfig({ id: "zstd", level: effort });
      return (bytes) => codec.encode(bytes);
    }
    case "blosc": {
      const codec = Blosc.fromConfig({ id: "blosc", cname: "zstd", clevel: effort, shuffle: SHUFFLE, blocksize: 0 });
      return (bytes) => codec.encode(bytes);
    }
  }
}
