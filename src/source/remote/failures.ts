import { BandloomError } from "../../core/errors.ts";
import { unreadable } from "../unreadable.ts";

/** Messages say what happened and what may help, never where. */

export function notAnswering(cause?: unknown): BandloomError {
  return new BandloomError("SOURCE_FAILED", "The server that holds this image does not answer. Try again later.", {
    cause,
  });
}

export function answeredWith(status: number): BandloomError {
  const reason = status === 401 || status === 403 ? "refuses access to it" : `answers with status ${status}`;
  return new BandloomError("SOURCE_FAILED", `The server that holds this image ${reason}.`, { details: { status } });
}

export function brokenAnswer(what: string): BandloomError {
  return new BandloomError("SOURCE_FAILED", `The server that holds this image ${what}.`);
}

export function tooSlow(): BandloomError {
  return new BandloomError("SOURCE_TIMEOUT", "The server that holds this image takes too long. Try again later.");
}

/** For a server that sends all where a part was asked for. */
export function tooLarge(limit: number): BandloomError {
  return brokenAnswer(
    `gives no parts of files, and this one is larger than the ${limit} bytes that are read as a whole. Put it on a server that answers range requests`,
  );
}

/** For a blob that was asked for as a whole. */
export function tooLong(limit: number): BandloomError {
  return unreadable(`a part of it is longer than the ${limit} bytes that it may have`);
}
