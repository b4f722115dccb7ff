/** Tables of the state. */
export type StateTable = "presets" | "purges" | "generations" | "jobs" | "job-parts" | "signing" | "revoked";

/**
 * What people have saved, and jobs: small texts by key, in tables. What is resolved is written durably. Rejects with SOURCE_FAILED where the
 * store does not answer.
 */
export interface StateStore {
  /** In no order. */
  all(table: StateTable): Promise<readonly (readonly [key: string, value: string])[]>;
  get(table: StateTable, key: string): Promise<string | null>;
  /** One entry for each key, in order; null: there is none. */
  many(table: StateTable, keys: readonly string[]): Promise<readonly (string | null)[]>;
  put(table: StateTable, key: string, value: string): Promise<void>;
  /** False: there was none. */
  remove(table: StateTable, key: string): Promise<boolean>;
  /** Removes all entries. */
  clear(table: StateTable): Promise<void>;
  count(table: StateTable): Promise<number>;
  /** True, once, when what was saved was found damaged and the store began anew without it. */
  takeLoss(): Promise<boolean>;
  close(): Promise<void>;
}
