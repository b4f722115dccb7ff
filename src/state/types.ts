/** Tables of the state. */
export type StateTable = "presets" | "purges" | "generations";

/**
 * What people have saved: small texts by key, in tables. What is resolved is written durably. Rejects with SOURCE_FAILED where the
 * store does not answer.
 */
export interface StateStore {
  /** In no order. */
  all(table: StateTable): Promise<readonly (readonly [key: string, value: string])[]>;
  get(table: StateTable, key: string): Promise<string | null>;
  put(table: StateTable, key: string, value: string): Promise<void>;
  /** False: there was none. */
  remove(table: StateTable, key: string): Promise<boolean>;
  /** Removes all entries. */
  clear(table: StateTable): Promise<void>;
  count(table: StateTable): Promise<number>;
  close(): Promise<void>;
}
