import type { RedisLink } from "./redis-link.ts";
import { isTextOf } from "./texts.ts";

/** A week: a client that comes back later sends its text once more. */
const TTL_MS = 7 * 86_400_000;

/** Texts that the servers of a Redis share. What is lost, damaged or cannot be asked for is not there. */
export class RedisTexts {
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  async get(sha256: string): Promise<string | null> {
    const text = await this.#link.read((client) => client.get(this.#link.keys.text(sha256)));
    return text !== null && isTextOf(sha256, text) ? text : null;
  }

  /** Not awaited by anybody. */
  set(sha256: string, text: string): void {
    void this.#link.write((pipeline) => pipeline.set(this.#link.keys.text(sha256), text, "PX", TTL_MS));
  }
}
