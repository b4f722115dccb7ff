import { brokenAnswer, tooLarge, tooLong } from "./failures.ts";
import { type BlobBytes, type BlobRequest, TransportError } from "./transport.ts";
import type { ByteRange, ByteTail } from "./types.ts";

/** An answer that carries bytes, whatever the protocol. */
export interface RawAnswer {
  /** The header Content-Range; undefined: the server has sent all of the blob. */
  readonly contentRange: string | undefined;
  /** The header Content-Length, where it is a number. */
  readonly contentLength: number | null;
  readonly contentEncoding: string | undefined;
  readonly validator: string | null;
  readonly body: AsyncIterable<Uint8Array>;
}

/** The bytes of an answer, once it is what was asked for; none are read before. */
export async function readBytes(answer: RawAnswer, { range, limit }: BlobRequest): Promise<BlobBytes> {
  const { contentRange, contentLength, contentEncoding = "", validator, body } = answer;
  if (!/^(identity)?$/i.test(contentEncoding))
    throw brokenAnswer("compresses what it sends although it was asked not to");
  if (contentRange === undefined) {
    const refuse = () => (range ? tooLarge(limit) : tooLong(limit));
    if (contentLength !== null && contentLength > limit) throw refuse();
    const bytes = await collect(body, contentLength, limit, refuse);
    return { kind: "bytes", bytes, offset: 0, size: bytes.length, validator, whole: true };
  }
  const { offset, length, size } = placeOf(contentRange, range);
  const tooMuch = () => brokenAnswer("sends more than was asked for");
  // Where nothing can come nothing is waited for.
  const bytes = length === 0 ? new Uint8Array(0) : await collect(body, length, length, tooMuch);
  return { kind: "bytes", bytes, offset, size, validator, whole: length === size };
}

/** Place of the part and length of the blob, where the header tells of the range that was asked for, cut only by the blob's ends. */
export function placeOf(
  contentRange: string,
  range: ByteRange | ByteTail | null,
): { offset: number; length: number; size: number } {
  const told = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(contentRange);
  const [first, last, size] = (told ?? []).slice(1).map(Number);
  if (!range || first === undefined || last === undefined || size === undefined)
    throw brokenAnswer("answers range requests wrongly");
  // A range of an empty blob has no right form: servers give what they like.
  if (size === 0) return { offset: 0, length: 0, size };
  const offset = "tail" in range ? Math.max(0, size - range.tail) : range.offset;
  const length = Math.min("tail" in range ? range.tail : range.length, size - offset);
  if (first !== offset || last !== first + length - 1)
    throw brokenAnswer("answers with another range than was asked for");
  return { offset, length, size };
}

/** A body of `length` bytes (null: of any length), of at most `limit`. */
async function collect(
  body: AsyncIterable<Uint8Array>,
  length: number | null,
  limit: number,
  refuse: () => Error,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const part of body) {
    total += part.length;
    if (total > limit) throw refuse();
    parts.push(part);
  }
  if (length !== null && total !== length) throw new TransportError("The answer was cut off.");
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
