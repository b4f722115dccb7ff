import type { Identity } from "../identity.ts";
import type { ByteRange } from "../remote/types.ts";
import type { Store } from "../types.ts";

interface Waiting {
  readonly range: ByteRange;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/** A store behind a network whose reads travel together; any other store as it is. */
export function batched(store: Store): Store {
  const { readMany } = store;
  return readMany ? new BatchedStore(store, readMany.bind(store)) : store;
}

/**
 * Reads that are asked for within one turn of the event loop are one `readMany`: who reads many things at once, directories, index
 * entries or chunks, writes it as parallel reads and waits for one round trip.
 */
class BatchedStore implements Store {
  readonly #store: Store;
  readonly readMany: NonNullable<Store["readMany"]>;
  #waiting: Waiting[] = [];

  constructor(store: Store, readMany: NonNullable<Store["readMany"]>) {
    this.#store = store;
    this.readMany = readMany;
  }

  get size(): number {
    return this.#store.size;
  }

  get identity(): Identity {
    return this.#store.identity;
  }

  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      // Promises that are settled already continue before: what they ask for travels along.
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      this.#waiting.push({ range: { offset, length }, signal, resolve, reject });
    });
  }

  close(): void | Promise<void> {
    return this.#store.close();
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const signal of new Set(waiting.map((one) => one.signal))) {
      void this.#read(
        waiting.filter((one) => one.signal === signal),
        signal,
      );
    }
  }

  async #read(together: readonly Waiting[], signal: AbortSignal | undefined): Promise<void> {
    try {
      const found = await this.readMany(
        together.map(({ range }) => range),
        signal,
      );
      together.forEach(({ resolve, reject }, index) => {
        const bytes = found[index];
        if (bytes) resolve(bytes);
        else reject(new Error("A range was not answered."));
      });
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  }
}
