import { createHash } from "node:crypto";
import { afterEach } from "vitest";
import { BandloomError } from "../../../src/core/errors.ts";
import { createRemote, type ProcessRemote, type RemoteOptions } from "../../../src/source/remote/index.ts";
import type { RemoteStamp } from "../../../src/source/remote/types.ts";

const open = new Set<{ close(): Promise<void> }>();

afterEach(async () => {
  for (const one of open) await one.close();
  open.clear();
});

/** Closes it when the test has ended. */
export function closing<T extends { close(): Promise<void> }>(one: T): T {
  open.add(one);
  return one;
}

/** A Remote that may read one place, closed when the test has ended. */
export function remoteFor(place: string, options: Partial<RemoteOptions> = {}): ProcessRemote {
  return closing(createRemote({ allowed: [place], ...options }));
}

/** Bytes that tell where they come from. */
export function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => ((index * 2654435761 + seed * 40503) >>> 13) & 255);
}

/** Bytes to compare with each other: arrays are compared number by number, which takes seconds for a million. */
export function digest(bytes: readonly (Uint8Array | undefined)[] | Uint8Array | undefined): readonly string[] {
  const all = bytes instanceof Uint8Array || !bytes ? [bytes] : bytes;
  return all.map((one) => (one ? `${one.length} ${createHash("sha256").update(one).digest("hex")}` : "nothing"));
}

/** What a promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<BandloomError> {
  const error: unknown = await promise.then(
    () => new Error("It was not rejected."),
    (reason: unknown) => reason,
  );
  if (error instanceof BandloomError) return error;
  throw error;
}

/** The stamp of what is there. */
export async function openAt(remote: ProcessRemote, url: string): Promise<RemoteStamp> {
  const stamp = await remote.open(url);
  if (!stamp) throw new Error("There is nothing.");
  return stamp;
}

/** Waits until something holds, for less than a server's silence is borne. */
export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 200) throw new Error("It never came true.");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
