import { Agent, request } from "undici";
import type { CachedTile } from "../../cache/index.ts";
import { BandloomError, ERROR_STATUS, type ErrorCode } from "../../core/errors.ts";
import { ownerOf } from "../../core/owner.ts";
import type { CacheOutcome } from "../types/tile.ts";

/** Requests at a time: as many as keep some nodes busy, few enough that a queue forms here and not in a socket. */
const CONNECTIONS = 64;
/** A render may take 30 s, and waits before it; silence for longer is no answer any more. */
const SILENCE_MS = 40_000;
const CONNECT_MS = 2_000;
/** A region of the largest size as NPY with four outputs; more is no answer of ours. */
const MAX_BODY_BYTES = 272 * 2 ** 20;
/** Errors are short. */
const MAX_ERROR_BYTES = 2 ** 20;
/** Tries after the first where no connection was made or one was lost: pictures are asked for by GET, and cost nothing when asked twice. */
const RETRIES = 1;

const OUTCOMES: ReadonlySet<string> = new Set<CacheOutcome>([
  "MEMORY",
  "EMBEDDED",
  "REDIS",
  "S3",
  "RENDERED",
  "SHARED",
]);

export interface FarPicture extends CachedTile {
  /** Begins the key of the bytes. */
  readonly etag: string;
  readonly cache: CacheOutcome;
}

/** The processes that render, behind one address: what they are asked is what clients could ask them. */
export class RenderNode {
  readonly #url: string;
  readonly #agent = new Agent({
    connections: CONNECTIONS,
    headersTimeout: SILENCE_MS,
    bodyTimeout: SILENCE_MS,
    connect: { timeout: CONNECT_MS },
  });

  constructor(url: string) {
    this.#url = url.replace(/\/+$/, "");
  }

  /** Bytes of a tile or a region. Rejects with what the other side says, else SOURCE_FAILED, SOURCE_TIMEOUT, the signal's reason. */
  async picture(path: string, signal: AbortSignal | undefined): Promise<FarPicture> {
    const { bytes, headers } = await this.#get(path, signal);
    const { "x-bandloom-cache": cache = "", etag = "" } = headers;
    return {
      bytes,
      etag: String(etag).replaceAll('"', ""),
      cache: OUTCOMES.has(String(cache)) ? (String(cache) as CacheOutcome) : "SHARED",
    };
  }

  /** A JSON document. Rejects as `picture` does. */
  async document(path: string, signal: AbortSignal | undefined): Promise<unknown> {
    const { bytes } = await this.#get(path, signal);
    try {
      return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"));
    } catch (cause) {
      throw notAnswering(cause);
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #get(path: string, signal: AbortSignal | undefined) {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#getOnce(path, signal);
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        if (error instanceof BandloomError) throw error;
        if (isTimeout(error)) throw tooSlow(error);
        if (tries === RETRIES) throw notAnswering(error);
      }
    }
  }

  async #getOnce(path: string, signal: AbortSignal | undefined) {
    const url = this.#url + path;
    const { statusCode, headers, body } = await request(url, {
      dispatcher: this.#agent,
      signal: signal ?? null,
      // A client is greedy once, and not once for each node: it is the same there as here.
      headers: { "x-forwarded-for": headerName(ownerOf(signal)) },
    });
    const good = statusCode === 200;
    const limit = good ? MAX_BODY_BYTES : MAX_ERROR_BYTES;
    const bytes = await wholeBody(body, Number(headers["content-length"] ?? Number.NaN), limit);
    if (good) return { bytes, headers };
    throw errorIn(bytes) ?? (statusCode === 503 ? busy() : notAnswering());
  }
}

/** A list there has commas, and a header no more than ASCII. */
function headerName(owner: string): string {
  return owner.replace(/[^!-+\-.-~]/g, encodeURIComponent) || "unknown";
}

/** Into one buffer where the length is told, as it is of every picture. */
async function wholeBody(body: AsyncIterable<Uint8Array>, length: number, limit: number): Promise<Uint8Array> {
  if (length > limit) throw notAnswering();
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > limit) throw notAnswering();
    parts.push(part);
  }
  // A copy: a part may be a view of a larger buffer of the network's.
  return new Uint8Array(Buffer.concat(parts, size));
}

/** What the other side says in the words of the error contract; null: it is no such error. */
function errorIn(bytes: Uint8Array): BandloomError | null {
  try {
    const { code, message, ...details } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    if (typeof code !== "string" || typeof message !== "string" || !(code in ERROR_STATUS)) return null;
    // Its own doors are no business of who asked here.
    if (code === "FORBIDDEN" || code === "LINK_EXPIRED") return null;
    return new BandloomError(code as ErrorCode, message, Object.keys(details).length > 0 ? { details } : {});
  } catch {
    return null;
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^UND_ERR_(HEADERS|BODY)_TIMEOUT$/.test(String(error.code));
}

function busy(): BandloomError {
  return new BandloomError(
    "OVERLOADED",
    "The servers that render have more work than they can queue. Try again in a moment.",
  );
}

function tooSlow(cause: unknown): BandloomError {
  return new BandloomError("SOURCE_TIMEOUT", "The servers that render take too long. Try again later.", { cause });
}

function notAnswering(cause?: unknown): BandloomError {
  return new BandloomError("SOURCE_FAILED", "The servers that render do not answer. Try again later.", { cause });
}
