import { LRUCache } from "lru-cache";
import { type Identity, sourceChanged } from "../identity.ts";
import type { Folder, Store } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { readChain } from "./chain.ts";
import type { Directory } from "./directory.ts";
import { readHeader } from "./header.ts";
import { andThen, type Maybe } from "./maybe.ts";
import { rootUuid } from "./metadata/ome.ts";
import type { PartName } from "./metadata/ome-planes.ts";
import { TAG } from "./tags.ts";

/** Files of one image. */
const MAX_PARTS = 10_000;
/** Files held open at once: descriptors of a process are few, images many. */
const MAX_OPEN = 16;
/** Of a description: its root element stands at the beginning. */
const ROOT_BYTES = 16_384;

/** The other files of an image, opened when a plane of theirs is first needed; at most `MAX_OPEN` of them stay open. */
export class Parts {
  readonly #folder: Folder;
  readonly #mostChunkMiB: number;
  readonly #chains = new Map<string, Promise<readonly Directory[]>>();
  readonly #stores = new Map<string, PartStore>();
  readonly #open: LRUCache<string, OpenPart>;

  constructor(folder: Folder, mostChunkMiB: number) {
    this.#folder = folder;
    this.#mostChunkMiB = mostChunkMiB;
    this.#open = new LRUCache({ max: MAX_OPEN, dispose: (part) => part.release() });
  }

  get remote(): boolean {
    return this.#folder.remote;
  }

  /** Of the parts that were opened so far, by name. */
  get identities(): readonly Identity[] {
    const names = [...this.#stores.keys()].toSorted();
    return names.flatMap((name) => this.#stores.get(name)?.identity ?? []);
  }

  /** SOURCE_UNREADABLE where there is no such file beside the image, or it is not the one that is meant. */
  async directory({ file, uuid, ifd }: PartName): Promise<Directory> {
    const known = this.#chains.get(file);
    if (!known && this.#chains.size >= MAX_PARTS)
      throw unreadable(`it is made of more than ${MAX_PARTS} files; convert it into one`);
    const chain = known ?? this.#chain(file, uuid);
    this.#chains.set(file, chain);
    const directory = (await chain)[ifd];
    if (!directory) throw unreadable("a file of its set has fewer directories than its OME-XML says");
    return directory;
  }

  /** Closes what is open. */
  release(): void {
    this.#open.clear();
  }

  async #chain(name: string, uuid: string | null): Promise<readonly Directory[]> {
    const first = await this.#acquire(name);
    const store = new PartStore(first.store, () => this.#acquire(name));
    const { file, firstDirectory } = await readHeader(store, this.#mostChunkMiB);
    const directories = await readChain(file, firstDirectory);
    const description = await directories[0]?.beginning(TAG.imageDescription, ROOT_BYTES);
    const own = description ? rootUuid(new TextDecoder().decode(description)) : null;
    if (uuid !== null && own !== null && own !== uuid) throw unreadable("a file of its set belongs to another image");
    this.#stores.set(name, store);
    return directories;
  }

  #acquire(name: string): Maybe<OpenPart> {
    const known = this.#open.get(name);
    if (known) return known;
    if (!isInside(name)) throw unreadable("a file of its set would lie outside of its folder");
    return andThen(this.#folder.open(name), (store) => {
      if (!store) throw unreadable("a file of its set is missing");
      // Two may have opened it meanwhile: one of them is closed when it is replaced.
      const part = new OpenPart(store);
      this.#open.set(name, part);
      return part;
    });
  }
}

/** Folders refuse to be left by themselves; a name that tries is a lie. */
function isInside(name: string): boolean {
  const parts = name.split("/");
  return !/[\\\0:]/.test(name) && !parts.some((part) => part === "" || part === "." || part === "..");
}

/** A store that is closed once nobody reads from it. */
class OpenPart {
  readonly store: Store;
  #reading = 0;
  #released = false;

  constructor(store: Store) {
    this.store = store;
  }

  read(offset: number, length: number, signal?: AbortSignal): Maybe<Uint8Array> {
    return this.#during(() => this.store.read(offset, length, signal));
  }

  readMany(...args: Parameters<NonNullable<Store["readMany"]>>): Promise<readonly Uint8Array[]> {
    const { readMany } = this.store;
    if (!readMany) throw new Error("A local part is read range by range.");
    return Promise.resolve(this.#during(() => readMany.apply(this.store, args)));
  }

  release(): void {
    this.#released = true;
    if (this.#reading === 0) void this.store.close();
  }

  #during<T>(read: () => Maybe<T>): Maybe<T> {
    const result = read();
    if (!(result instanceof Promise)) return result;
    this.#reading++;
    return result.finally(() => {
      this.#reading--;
      if (this.#released && this.#reading === 0) void this.store.close();
    });
  }
}

/** A part whose file is opened again when it is read after it was closed; it must still be the same. */
class PartStore implements Store {
  readonly size: number;
  readonly identity: Identity;
  readonly readMany?: NonNullable<Store["readMany"]>;
  readonly #acquire: () => Maybe<OpenPart>;

  constructor(first: Store, acquire: () => Maybe<OpenPart>) {
    this.size = first.size;
    this.identity = first.identity;
    this.#acquire = acquire;
    if (first.readMany) this.readMany = async (ranges, signal) => await (await this.#same()).readMany(ranges, signal);
  }

  read(offset: number, length: number, signal?: AbortSignal): Maybe<Uint8Array> {
    return andThen(this.#same(), (part) => part.read(offset, length, signal));
  }

  /** The set closes its files. */
  close(): void {}

  #same(): Maybe<OpenPart> {
    return andThen(this.#acquire(), (part) => {
      if (part.store.identity.revision !== this.identity.revision) throw sourceChanged();
      return part;
    });
  }
}
