import { BandloomError } from "../core/errors.ts";

/** A file that is damaged, hostile or of a kind that is not understood. `reason` completes "… cannot be read: ". */
export function unreadable(reason: string, cause?: unknown): BandloomError {
  return new BandloomError("SOURCE_UNREADABLE", `The image file cannot be read: ${reason}.`, { cause });
}
