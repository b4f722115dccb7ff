import { inflateRawSync } from "node:zlib";
import { type Identity, joinIdentities, textIdentity } from "../identity.ts";
import type { Folder, Store, WholeBlob } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { isPlainPath } from "./paths.ts";
import { readZipDirectory, type ZipDirectory, type ZipEntry } from "./zip-directory.ts";

const STORED = 0;
const DEFLATED = 8;
/** What a deflated entry that is read in parts may unpack to. */
const MAX_ENTRY_BYTES = 2 ** 28;
/** What packing may add to bytes that do not pack, generously. */
const EXPANSION = 2;
const OVERHEAD_BYTES = 65_536;
/** Signature, and what comes before the lengths of name and extra field (APPNOTE 4.3.7). */
const LOCAL_HEADER_BYTES = 30;
const LOCAL_HEADER = 0x04034b50;

/**
 * The files of a zip archive. Where all of them lie in one top folder, that is the folder. Rejects with SOURCE_UNREADABLE for what is no
 * archive. The folder owns the store.
 */
export async function zipFolder(store: Store): Promise<Folder> {
  return new ZipFolder(store, await readZipDirectory(store));
}

class ZipFolder implements Folder {
  readonly remote: boolean;
  readonly #store: Store;
  readonly #directory: ZipDirectory;

  constructor(store: Store, directory: ZipDirectory) {
    this.remote = store.readMany !== undefined;
    this.#store = store;
    this.#directory = directory;
  }

  async get(path: string, limit: number): Promise<WholeBlob | null> {
    const entry = this.#find(path);
    if (!entry) return null;
    if (entry.size > limit)
      throw unreadable(`a file of its archive has ${entry.size} bytes, where ${limit} are the most`);
    const bytes = await this.#unpack(entry);
    return { bytes, identity: this.#identity(path) };
  }

  async open(path: string): Promise<Store | null> {
    const entry = this.#find(path);
    if (!entry) return null;
    if (entry.method === STORED && !entry.encrypted)
      return new StorePart(this.#store, await this.#start(entry), entry.size, this.#identity(path));
    if (entry.size > MAX_ENTRY_BYTES)
      throw unreadable("a compressed file of its archive is too large to be read in parts");
    return new MemoryPart(await this.#unpack(entry), this.#identity(path));
  }

  /** Images in archives name their parts. */
  list(): null {
    return null;
  }

  close(): void | Promise<void> {
    return this.#store.close();
  }

  #find(path: string): ZipEntry | null {
    return isPlainPath(path) ? this.#directory.find(path) : null;
  }

  /** All of an entry. It may be no longer than the archive says, whatever its stream holds. */
  async #unpack(entry: ZipEntry): Promise<Uint8Array> {
    const { size, compressedSize, method } = entry;
    if (entry.encrypted) throw unreadable("its zip archive is encrypted");
    // The one was bounded by who asks; what is read is the other.
    const most = method === STORED ? size : size * EXPANSION + OVERHEAD_BYTES;
    if (compressedSize > most) throw unreadable("a file of its zip archive is damaged");
    const bytes = await this.#store.read(await this.#start(entry), compressedSize);
    if (method === STORED) return bytes;
    if (method !== DEFLATED) throw unreadable("its zip archive is compressed in a way that is not supported");
    try {
      return inflateRawSync(bytes, { maxOutputLength: Math.max(1, size) });
    } catch (error) {
      throw unreadable("a file of its zip archive is damaged", error);
    }
  }

  /** The archive's, with the name of the entry: it cannot change without the archive. */
  #identity(path: string): Identity {
    return joinIdentities([this.#store.identity, textIdentity(path)]);
  }

  /** Where the bytes of an entry begin. */
  async #start(entry: ZipEntry): Promise<number> {
    const at = entry.offset;
    const header = await this.#store.read(at, LOCAL_HEADER_BYTES);
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    if (view.getUint32(0, true) !== LOCAL_HEADER) throw unreadable("its zip archive is damaged");
    return at + LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  }
}

class StorePart implements Store {
  readonly size: number;
  readonly identity: Identity;
  readonly #store: Store;
  readonly #start: number;

  constructor(store: Store, start: number, size: number, identity: Identity) {
    this.#store = store;
    this.#start = start;
    this.size = size;
    this.identity = identity;
  }

  read(offset: number, length: number, signal?: AbortSignal): Uint8Array | Promise<Uint8Array> {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size))
      throw unreadable("it ends before the bytes that it points to");
    return this.#store.read(this.#start + offset, length, signal);
  }

  close(): void {}
}

class MemoryPart implements Store {
  readonly identity: Identity;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, identity: Identity) {
    this.#bytes = bytes;
    this.identity = identity;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(offset: number, length: number): Uint8Array {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size))
      throw unreadable("it ends before the bytes that it points to");
    return this.#bytes.slice(offset, offset + length);
  }

  close(): void {}
}
