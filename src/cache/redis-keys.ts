import { SCOPE_DIGITS } from "./key.ts";

export const DEFAULT_REDIS_PREFIX = "bandloom:";
/** Layout of keys and values: a process of another layout does not see them. */
const LAYOUT = 2;
const TILE_KEY = /^\{([0-9a-f]{16})\}([0-9a-f]{48})$/;

/** The names of a deployment in the cache Redis. All begin with its prefix, channels too: one rule of an ACL covers them. */
export class RedisKeys {
  /** Told the key of each tile that was made. */
  readonly made: string;
  /** Asked for and written to see whether that works. */
  readonly probe: string;
  readonly #tile: string;
  readonly #lock: string;
  readonly #text: string;

  constructor(prefix: string) {
    this.#tile = `${prefix}tile:${LAYOUT}:`;
    this.#lock = `${prefix}lock:${LAYOUT}:`;
    this.#text = `${prefix}query:${LAYOUT}:`;
    this.made = `${prefix}made:${LAYOUT}`;
    this.probe = `${prefix}probe`;
  }

  tile(key: string): string {
    return this.#tile + tagged(key);
  }

  /** Of who makes a tile: in the tile's slot. */
  lock(key: string): string {
    return this.#lock + tagged(key);
  }

  /** Of a text by its SHA-256. */
  text(sha256: string): string {
    return this.#text + sha256;
  }

  /** Matches the names of tiles, as SCAN takes it. */
  get tiles(): string {
    return `${this.#tile}*`;
  }

  /** The key of the tile that lies under a name; null: no tile does. */
  keyOf(name: string): string | null {
    const match = name.startsWith(this.#tile) ? TILE_KEY.exec(name.slice(this.#tile.length)) : null;
    return match && `${match[1]}${match[2]}`;
  }
}

/** With its scope as hash tag: what one query asks for lies in one slot of a cluster. */
function tagged(key: string): string {
  return `{${key.slice(0, SCOPE_DIGITS)}}${key.slice(SCOPE_DIGITS)}`;
}

/** Keys by what one command may name: all of them, or in a cluster those of one scope. */
export function together<T>(
  items: readonly T[],
  keyFor: (item: T) => string,
  cluster: boolean,
): readonly (readonly T[])[] {
  if (items.length === 0) return [];
  if (!cluster) return [items];
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const scope = keyFor(item).slice(0, SCOPE_DIGITS);
    const group = groups.get(scope);
    if (group) group.push(item);
    else groups.set(scope, [item]);
  }
  return [...groups.values()];
}
