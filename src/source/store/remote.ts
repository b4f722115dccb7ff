import { BandloomError } from "../../core/errors.ts";
import { type Identity, remoteIdentity } from "../identity.ts";
import type { ByteRange, Remote, RemoteStamp } from "../remote/types.ts";
import type { Store } from "../types.ts";

/** A blob behind a network. NOT_FOUND where there is none, and what `Remote.open` rejects with. */
export async function openRemoteStore(remote: Remote, url: string, signal?: AbortSignal): Promise<Store> {
  const stamp = await remote.open(url, signal);
  if (!stamp)
    throw new BandloomError("NOT_FOUND", "There is nothing at the address of this image, or nothing that may be read.");
  return remoteStore(remote, stamp);
}

/** A version of a blob. */
export function remoteStore(remote: Remote, stamp: RemoteStamp): Store {
  return new RemoteStore(remote, stamp);
}

class RemoteStore implements Store {
  readonly identity: Identity;
  readonly #remote: Remote;
  readonly #stamp: RemoteStamp;

  constructor(remote: Remote, stamp: RemoteStamp) {
    this.#remote = remote;
    this.#stamp = stamp;
    this.identity = remoteIdentity(stamp);
  }

  get size(): number {
    return this.#stamp.size;
  }

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    const [bytes = new Uint8Array(0)] = await this.readMany([{ offset, length }], signal);
    return bytes;
  }

  readMany(ranges: readonly ByteRange[], signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    return this.#remote.read(this.#stamp, ranges, signal);
  }

  close(): void {}
}
