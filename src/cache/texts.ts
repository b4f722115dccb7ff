import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { TextCache } from "./types.ts";

/** A query of a program is a few kilobytes; what is longer is sent whole each time. */
const MAX_TEXT = 64 * 1024;
/** Texts of this process, UTF-16 units, with what an entry costs beside its text. */
const MAX_CHARACTERS = 8 * 2 ** 20;
const ENTRY_CHARACTERS = 256;
const SHA256 = /^[0-9a-f]{64}$/;

/** A place behind the texts of this process. */
interface SharedTexts {
  get(sha256: string): Promise<string | null>;
  set(sha256: string, text: string): void;
}

/** Texts of this process, and behind them those that other processes share, if any do. */
export class Texts implements TextCache {
  readonly #own = new LRUCache<string, string>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (text) => text.length + ENTRY_CHARACTERS,
  });
  readonly #shared: SharedTexts | null;

  constructor(shared: SharedTexts | null) {
    this.#shared = shared;
  }

  async get(sha256: string): Promise<string | null> {
    const own = this.#own.get(sha256);
    if (own !== undefined || !this.#shared || !SHA256.test(sha256)) return own ?? null;
    const shared = await this.#shared.get(sha256);
    if (shared !== null) this.#own.set(sha256, shared);
    return shared;
  }

  set(sha256: string, text: string): void {
    if (text.length > MAX_TEXT || !isTextOf(sha256, text)) return;
    this.#own.set(sha256, text);
    this.#shared?.set(sha256, text);
  }
}

/** Whether a text is what its name says, and not longer than texts are kept. */
export function isTextOf(sha256: string, text: string): boolean {
  return text.length <= MAX_TEXT && hash("sha256", text, "hex") === sha256;
}
