import type { CodecName } from "../compression.ts";
import type { Codec } from "./codec.ts";
import { deflate } from "./deflate.ts";
import { jpeg } from "./jpeg.ts";
import { lerc } from "./lerc.ts";
import { lzw } from "./lzw.ts";
import { none } from "./none.ts";
import { packBits } from "./pack-bits.ts";
import { webp } from "./webp.ts";
import { zstd } from "./zstd.ts";

export type { Codec, CodecBlock } from "./codec.ts";
export { initZstd } from "./zstd.ts";

export const codecs: Readonly<Record<CodecName, Codec>> = {
  ...{ none, deflate, lzw, packbits: packBits, zstd },
  ...{ jpeg, webp, lerc },
};
