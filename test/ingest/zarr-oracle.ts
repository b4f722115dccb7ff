import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type DataType, get, open, root } from "zarrita";

/** A folder as zarrita's store. */
class FolderStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(readFileSync(join(this.#folder, key)));
    } catch {
      return undefined;
    }
  }

  async getRange(
    key: string,
    range: { readonly offset: number; readonly length: number } | { readonly suffixLength: number },
  ): Promise<Uint8Array | undefined> {
    const bytes = await this.get(key);
    if (!bytes) return undefined;
    if ("suffixLength" in range) return bytes.subarray(bytes.length - range.suffixLength);
    return bytes.subarray(range.offset, range.offset + range.length);
  }
}

export interface ZarrArray {
  readonly shape: readonly number[];
  readonly chunks: readonly number[];
  readonly type: DataType;
  readonly data: ArrayLike<number>;
}

/** All of an array, as zarrita reads it. */
export async function readArray(folder: string, path: string): Promise<ZarrArray> {
  const array = await open(root(new FolderStore(folder)).resolve(path), { kind: "array" });
  const { data } = await get(array);
  return { shape: array.shape, chunks: array.chunks, type: array.dtype, data: data as unknown as ArrayLike<number> };
}

/** Attributes of the group, of either version. */
export async function readAttributes(folder: string): Promise<Record<string, unknown>> {
  const group = await open(root(new FolderStore(folder)), { kind: "group" });
  return group.attrs;
}
