/** Which images somebody may see: what may not be seen does not exist for them. */
export interface Reader {
  /** Every image, whatever its key: nothing need be asked. */
  readonly everything: boolean;
  /** One answer for each key, in order. Rejects never: what cannot be found out may not be read. */
  mayRead(keys: readonly string[], signal?: AbortSignal): readonly boolean[] | Promise<readonly boolean[]>;
}

/** The server itself, and whoever holds a signed link: it was given for what it names. */
export const EVERYTHING: Reader = { everything: true, mayRead: (keys) => keys.map(() => true) };

/** Nobody may see anything. */
export const NOTHING: Reader = { everything: false, mayRead: (keys) => keys.map(() => false) };
