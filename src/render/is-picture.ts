import type { PictureFormat } from "./types.ts";

/** What stands at which byte of a file of each format, Latin-1. */
const MARKS: Readonly<Record<PictureFormat, readonly (readonly [at: number, text: string])[]>> = {
  jpeg: [[0, "\xff\xd8\xff"]],
  png: [[0, "\x89PNG\r\n\x1a\n"]],
  webp: [
    [0, "RIFF"],
    [8, "WEBP"],
  ],
  avif: [[4, "ftypavif"]],
  npy: [[0, "\x93NUMPY"]],
};
const MARKED_BYTES = 12;

/** Whether a file begins as encoders of a format let it begin: enough that bytes of another kind are not served as a picture. */
export function isPicture(format: PictureFormat, bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, MARKED_BYTES);
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("latin1");
  return MARKS[format].every(([at, text]) => start.startsWith(text, at));
}
