import { createHash } from "node:crypto";
import { onTestFinished, vi } from "vitest";
import { BandloomError } from "../../../src/core/errors.ts";
import { createRemote, type ProcessRemote, type RemoteOptions } from "../../../src/source/remote/index.ts";
import type { RemoteStamp } from "../../../src/source/remote/types.ts";

/** Closes it when the test has ended; for use within a test, or in what runs before each. */
export function closing<T extends { close(): Promise<void> }>(one: T): T {
  onTestFinished(() => one.close());
  return one;
}

/** An hour. No test waits so long, and none is so slow that this passes. */
export const NEVER_MS = 3_600_000;

/**
 * A Remote that may read one place, closed when the test has ended. It tries again at once, and nothing in it happens because time has
 * passed: what it has looked at stays fresh, and the deadline is far.
 */
export function remoteFor(place: string, options: Partial<RemoteOptions> = {}): ProcessRemote {
  return closing(createRemote({ allowed: [place], timeoutMs: NEVER_MS, freshMs: NEVER_MS, pauseMs: 1, ...options }));
}

/** Deadlines of requests that begin in this test: they pass when the function is called, and not by time. */
export function deadlinesAtHand(): { readonly pass: () => void; readonly asked: () => readonly number[] } {
  const controller = new AbortController();
  const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(controller.signal);
  onTestFinished(() => timeout.mockRestore());
  return {
    pass: () => controller.abort(new DOMException("The deadline has passed.", "TimeoutError")),
    asked: () => timeout.mock.calls.map(([milliseconds]) => milliseconds),
  };
}

/** What the AWS SDK finds in the environment: these variables, and none of the machine's. Until `vi.unstubAllEnvs()`. */
export function stubAwsEnvironment(variables: Readonly<Record<string, string>>): void {
  vi.unstubAllEnvs();
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
  const none = { AWS_EC2_METADATA_DISABLED: "true", AWS_SHARED_CREDENTIALS_FILE: "/nonexistent" };
  const all = { ...none, AWS_CONFIG_FILE: "/nonexistent", ...variables };
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
}

/** Bytes that tell where they come from. */
export function pattern(length: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = (index * 2654435761 + seed * 40503) >>> 13;
  return bytes;
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

/** Waits until something holds. The guard is many times longer than anything here takes. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitUntil(holds, { timeout: 50_000, interval: 5 });
}
