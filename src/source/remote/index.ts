import type { MessagePort } from "node:worker_threads";
import { BandloomError } from "../../core/errors.ts";
import type { Remote } from "./types.ts";

export interface RemoteOptions {
  /** Addresses that may be read: none of them yet. */
  readonly allowed: readonly string[];
  readonly cacheBytes?: number;
  readonly timeoutMs?: number;
  readonly s3?: { readonly endpoint?: string; readonly pathStyle?: boolean };
}

export function createRemote(_: RemoteOptions): Remote & { close(): Promise<void> } {
  const refuse = () => Promise.reject(new BandloomError("FORBIDDEN", "Images behind a network are not allowed here."));
  return { stat: refuse, open: refuse, read: refuse, get: refuse, close: async () => {} };
}

export function serveRemote(_port: MessagePort, _remote: Remote): void {}

export function connectRemote(_: MessagePort): Remote {
  return createRemote({ allowed: [] });
}
