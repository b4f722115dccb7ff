import { BandloomError } from "../core/errors.ts";

/** What the file system says of the output, in words that tell what to do; other errors as they are. */
export function outputFailure(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : null;
  const message = typeof code === "string" ? MESSAGES.get(code) : undefined;
  return message === undefined ? error : new BandloomError("SOURCE_FAILED", message, { cause: error });
}

const FULL = "The disk is full; what was written so far was removed. Make room, or write to another disk.";
const MESSAGES: ReadonlyMap<string, string> = new Map([
  ["ENOSPC", FULL],
  [
    "EDQUOT",
    "The quota of the disk is used up; what was written so far was removed. Make room, or write to another disk.",
  ],
  ["EFBIG", "The disk does not hold files that long; what was written so far was removed. Write to another disk."],
  ["EROFS", "The disk can only be read. Write to another folder."],
  ["EIO", "The disk could not be read or written: it may be damaged. What was written so far was removed."],
]);
