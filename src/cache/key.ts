import { hash } from "node:crypto";

/** Raised when the way keys are put together changes, so that old entries are never found again. */
const KEY_VERSION = 3;

/** A field of a key. Numbers are finite: JSON has no others. */
export type KeyField = string | number | boolean | null;

/** What all pictures of one formula share: the part of a key that is hashed once and not once a tile. */
export interface KeyScope {
  /** What is stored under the key: two kinds never share an entry. */
  readonly kind: "tile" | "region" | "statistics" | "chunk";
  /** Version of the pipeline's results: raised when the same formula gives other pixels or other bytes. */
  readonly renderVersion: number;
  /** Canonical formula text. */
  readonly formula: string;
  /** Every image that the formula reads, with the identity of its bytes, in the order of the formula. */
  readonly images: readonly { readonly key: string; readonly revision: string }[];
  /** Of the formula's last purge: what was made before lies under other keys. Empty: it was never purged. */
  readonly generation: string;
}

/** Hex digits at the front of a key that all keys of its scope share. */
export const SCOPE_DIGITS = 16;

/** Everything else that changes a byte of a tile. */
export interface TileKeyFields {
  readonly level: number;
  readonly x: number;
  readonly y: number;
  readonly tileSize: number;
  readonly pad: boolean;
  readonly format: string;
  readonly quality: number;
  readonly lossless: boolean;
  readonly encoder: { readonly name: string; readonly version: string };
}

/**
 * Makes the cache keys of one scope, 64 hex digits: the first 16 of the scope's digest, so that a store can keep together what is asked
 * for together, and 48 of the SHA-256 over that digest and the JSON array of the entry's own fields, which tell keys apart by themselves.
 * JSON is typed and quotes its strings (lone surrogates too), so two different lists of fields never have one text, whatever separators
 * the fields hold. A maker holds text alone: thousands of them are kept.
 */
export class KeyMaker {
  readonly #scope: string;
  readonly #front: string;

  constructor({ kind, renderVersion, formula, images, generation }: KeyScope) {
    const pairs = images.map(({ key, revision }) => [key, revision]);
    this.#scope = sha256(JSON.stringify([KEY_VERSION, kind, renderVersion, formula, pairs, generation]));
    this.#front = this.#scope.slice(0, SCOPE_DIGITS);
  }

  key(fields: readonly KeyField[]): string {
    return this.#front + sha256(this.#scope + JSON.stringify(fields)).slice(SCOPE_DIGITS);
  }

  tile(tile: TileKeyFields): string {
    return this.key([
      tile.level,
      tile.x,
      tile.y,
      tile.tileSize,
      tile.pad,
      tile.format,
      tile.quality,
      tile.lossless,
      tile.encoder.name,
      tile.encoder.version,
    ]);
  }
}

/** Of the text in UTF-8, as 64 hex digits. */
function sha256(text: string): string {
  return hash("sha256", text, "hex");
}
