import { BandloomError } from "../core/errors.ts";

export interface ByteSpan {
  readonly offset: number;
  readonly length: number;
}

const SINGLE = /^bytes=(\d{0,15})-(\d{0,15})$/;

/**
 * The one range of a Range header (RFC 9110 section 14.1.2). Null: all of it, also for several ranges and for units that are none of ours,
 * which a server may answer as if they were not there. RANGE_NOT_SATISFIABLE for one that begins behind the end.
 */
export function byteRange(header: string | undefined, size: number): ByteSpan | null {
  const [, first, last] = SINGLE.exec(header?.trim() ?? "") ?? [];
  if (first === undefined || last === undefined || first + last === "") return null;
  if (first === "") {
    const length = Math.min(size, Number(last));
    if (length === 0) throw outside(size);
    return { offset: size - length, length };
  }
  const offset = Number(first);
  const end = last === "" ? size - 1 : Math.min(size - 1, Number(last));
  if (last !== "" && Number(last) < offset) return null;
  if (offset >= size) throw outside(size);
  return { offset, length: end - offset + 1 };
}

function outside(size: number): BandloomError {
  return new BandloomError("RANGE_NOT_SATISFIABLE", `The file has ${size} bytes: the range lies behind them.`, {
    details: { size },
  });
}
