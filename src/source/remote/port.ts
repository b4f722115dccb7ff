import { setMaxListeners } from "node:events";
import type { MessagePort } from "node:worker_threads";
import { BandloomError, type ErrorMessage } from "../../core/errors.ts";
import type { ByteRange, Remote, RemoteBlob, RemoteStamp } from "./types.ts";

/** Calls as they cross between threads. */
type Call =
  | { readonly name: "stat"; readonly url: string }
  | { readonly name: "open"; readonly url: string; readonly tail: number | undefined }
  | { readonly name: "read"; readonly stamp: RemoteStamp; readonly ranges: readonly ByteRange[] }
  | { readonly name: "get"; readonly url: string; readonly limit: number };

type Question = { readonly id: number } & ({ readonly call: Call } | { readonly cancel: true });

interface Reply {
  readonly id: number;
  readonly outcome: { readonly value: unknown } | { readonly error: ErrorMessage };
}

/** Answers calls that come through a port, until it closes; what nobody waits for any more is aborted. */
export function serveRemote(port: MessagePort, remote: Remote): void {
  const running = new Map<number, AbortController>();
  port.on("message", async (question: Question) => {
    if ("cancel" in question) {
      running.get(question.id)?.abort();
      return;
    }
    const { id, call } = question;
    const controller = new AbortController();
    running.set(id, controller);
    const outcome = await perform(remote, call, controller.signal).then(
      (value) => ({ value }),
      (error: unknown) => ({ error: messageOf(error) }),
    );
    running.delete(id);
    port.postMessage({ id, outcome } satisfies Reply, transferables(outcome));
  });
  port.on("close", () => {
    for (const controller of running.values()) controller.abort();
  });
}

/** The Remote at the other end of a port. */
export function connectRemote(port: MessagePort): Remote {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (reason: unknown) => void }>();
  let lastId = 0;
  let isClosed = false;
  port.on("message", ({ id, outcome }: Reply) => {
    const caller = waiting.get(id);
    waiting.delete(id);
    if (!caller) return;
    if ("value" in outcome) caller.resolve(outcome.value);
    else caller.reject(BandloomError.fromMessage(outcome.error));
  });
  port.on("close", () => {
    isClosed = true;
    for (const { reject } of waiting.values()) reject(shuttingDown());
    waiting.clear();
  });
  const ask = (call: Call, signal: AbortSignal | undefined): Promise<unknown> => {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (isClosed) return Promise.reject(shuttingDown());
    // A picture waits for many answers with one signal: that is no leak.
    if (signal) setMaxListeners(0, signal);
    const id = ++lastId;
    return new Promise((resolve, reject) => {
      const leave = () => {
        waiting.delete(id);
        port.postMessage({ id, cancel: true } satisfies Question);
        reject(signal?.reason);
      };
      const settle =
        <T>(act: (value: T) => void) =>
        (value: T) => {
          signal?.removeEventListener("abort", leave);
          act(value);
        };
      waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      signal?.addEventListener("abort", leave, { once: true });
      port.postMessage({ id, call } satisfies Question);
    });
  };
  return {
    stat: (url, signal) => ask({ name: "stat", url }, signal) as Promise<RemoteStamp | null>,
    open: (url, signal, tail) => ask({ name: "open", url, tail }, signal) as Promise<RemoteStamp | null>,
    read: (stamp, ranges, signal) => ask({ name: "read", stamp, ranges }, signal) as Promise<readonly Uint8Array[]>,
    get: (url, limit, signal) => ask({ name: "get", url, limit }, signal) as Promise<RemoteBlob | null>,
  };
}

function shuttingDown(): BandloomError {
  return new BandloomError("OVERLOADED", "The server is shutting down.");
}

function perform(remote: Remote, call: Call, signal: AbortSignal): Promise<unknown> {
  switch (call.name) {
    case "stat":
      return remote.stat(call.url, signal);
    case "open":
      return remote.open(call.url, signal, call.tail);
    case "read":
      return remote.read(call.stamp, call.ranges, signal);
    case "get":
      return remote.get(call.url, call.limit, signal);
  }
}

function messageOf(error: unknown): ErrorMessage {
  if (error instanceof BandloomError) return error.toMessage();
  if (!(error instanceof Error && error.name === "AbortError")) console.error(error);
  return { code: "INTERNAL", message: "Reading the remote image failed." };
}

/** Arrays that are nobody's but the caller's: ranges are copies; blobs may be kept, and are copied by the port. */
function transferables(outcome: object): ArrayBuffer[] {
  if (!("value" in outcome && Array.isArray(outcome.value))) return [];
  return outcome.value.flatMap((bytes: unknown) =>
    bytes instanceof Uint8Array && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [],
  );
}
