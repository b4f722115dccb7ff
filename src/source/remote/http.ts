import { Agent, type Dispatcher, request } from "undici";
import { BandloomError } from "../../core/errors.ts";
import { type AllowList, type Permission, parseAddress } from "./allow-list.ts";
import { type RawAnswer, readBytes } from "./answer.ts";
import { answeredWith, brokenAnswer } from "./failures.ts";
import { checkedLookup } from "./lookup.ts";
import {
  type BlobAnswer,
  type BlobHead,
  type BlobRequest,
  FIRST_BYTES,
  rangeHeader,
  type Transport,
  TransportError,
} from "./transport.ts";
import { isStrong, validatorOf } from "./validator.ts";

const MAX_REDIRECTS = 5;
/** Where a server says nothing for so long, milliseconds, the try is given up. The whole may have less time; where it has more, so has a try. */
const STALL_MS = 5000;
/** Tries that have their time, of those that the whole is given for. */
const TRIES = 2;
/** Of an answer that is not wanted: reading so many bytes is cheaper than another connection. */
const DRAINED_BYTES = 16 * 1024;
/** Servers of object stores say in a document of XML why they refuse; it is short. */
const REASON_BYTES = 4096;

const OK = 200;
const PARTIAL = 206;
const FORBIDDEN = 403;
const MISSING: readonly number[] = [404, 410];
const PRECONDITION_FAILED = 412;
const RANGE_NOT_SATISFIABLE = 416;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const BUSY: readonly number[] = [500, 502, 503, 504];

export interface HttpOptions {
  readonly allowed: AllowList;
  readonly connectionsPerHost: number;
  /** Longest wait for the whole of an answer, milliseconds. */
  readonly timeoutMs: number;
  /** What is asked for in the place of an address: the same with a signature, of servers that want one. */
  readonly signed: (url: URL) => URL;
}

/** HTTP and HTTPS. The address that is connected to is one that was checked, at every redirect anew. */
export class HttpTransport implements Transport {
  readonly #allowed: AllowList;
  readonly #signed: (url: URL) => URL;
  readonly #public: Agent;
  readonly #private: Agent;

  constructor({ allowed, connectionsPerHost, timeoutMs, signed }: HttpOptions) {
    this.#allowed = allowed;
    this.#signed = signed;
    const stall = Math.max(STALL_MS, timeoutMs / TRIES);
    const agent = (permission: Permission) =>
      new Agent({
        connections: connectionsPerHost,
        headersTimeout: stall,
        bodyTimeout: stall,
        connect: { timeout: stall, lookup: checkedLookup(permission) },
      });
    this.#public = agent({ private: false });
    this.#private = agent({ private: true });
  }

  async read(address: string, wanted: BlobRequest, signal: AbortSignal): Promise<BlobAnswer> {
    const answer = await this.#request(address, headersFor(wanted), signal);
    try {
      return (await withoutBytes(answer, wanted)) ?? (await readBytes(rawAnswer(answer), wanted));
    } catch (error) {
      throw failureOf(error, signal);
    } finally {
      discard(answer);
    }
  }

  /** By a GET of the first bytes: a HEAD may be refused where a GET is not (signed addresses), and need not tell the length. */
  async head(address: string, limit: number, signal: AbortSignal): Promise<BlobHead | null> {
    const wanted = { range: FIRST_BYTES, validator: null, limit };
    const answer = await this.#request(address, headersFor(wanted), signal);
    try {
      const raw = rawAnswer(answer);
      if (answer.statusCode === OK && raw.contentLength !== null)
        return { size: raw.contentLength, validator: raw.validator };
      const found = (await withoutBytes(answer, wanted)) ?? (await readBytes(raw, wanted));
      return found.kind === "bytes" ? { size: found.size, validator: found.validator } : null;
    } catch (error) {
      throw failureOf(error, signal);
    } finally {
      discard(answer);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#public.destroy(), this.#private.destroy()]);
  }

  async #request(
    start: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    let address = start;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const { url, permission } = this.#permitted(address);
      const dispatcher = permission.private ? this.#private : this.#public;
      const answer = await request(this.#signed(url), { headers, dispatcher, signal }).catch((error: unknown) => {
        throw failureOf(error, signal);
      });
      if (!REDIRECTS.includes(answer.statusCode)) return answer;
      discard(answer);
      const target = one(answer.headers.location) ?? "";
      if (!URL.canParse(target, url)) throw brokenAnswer("redirects to nowhere");
      address = new URL(target, url).href;
    }
    throw brokenAnswer("redirects too often");
  }

  #permitted(text: string): { readonly url: URL; readonly permission: Permission } {
    const address = parseAddress(text);
    const permission = this.#allowed.check(address);
    if (address.kind !== "http") throw brokenAnswer("redirects to another protocol");
    return { url: address.url, permission };
  }
}

function headersFor({ range, validator }: BlobRequest): Readonly<Record<string, string>> {
  return {
    "accept-encoding": "identity",
    "user-agent": "Bandloom",
    ...(range ? { range: rangeHeader(range) } : {}),
    ...(isStrong(validator) ? { "if-match": validator } : {}),
  };
}

function rawAnswer({ statusCode, headers, body }: Dispatcher.ResponseData): RawAnswer {
  return {
    // Without its header a partial answer is refused; with it a complete one is complete all the same.
    contentRange: statusCode === PARTIAL ? (one(headers["content-range"]) ?? "") : undefined,
    contentLength: wholeNumber(one(headers["content-length"])),
    contentEncoding: one(headers["content-encoding"]),
    validator: validatorOf(one(headers.etag), one(headers["last-modified"])),
    body,
  };
}

/** What an answer means that carries no bytes of the blob; null: it carries some. Throws what no answer is. */
async function withoutBytes(answer: Dispatcher.ResponseData, { range }: BlobRequest): Promise<BlobAnswer | null> {
  const { statusCode, headers, body } = answer;
  if (statusCode === OK || statusCode === PARTIAL) return null;
  if (MISSING.includes(statusCode)) return { kind: "missing" };
  if (statusCode === PRECONDITION_FAILED) return { kind: "changed" };
  if (statusCode === RANGE_NOT_SATISFIABLE) {
    if (!range || !("offset" in range) || range.offset !== 0 || !/\/0$/.test(one(headers["content-range"]) ?? ""))
      return { kind: "changed" };
    const { validator } = rawAnswer(answer);
    return { kind: "bytes", bytes: new Uint8Array(0), offset: 0, size: 0, validator, whole: true };
  }
  if (statusCode === FORBIDDEN && (await isAccessDenied(body))) return { kind: "missing" };
  throw BUSY.includes(statusCode) ? new TransportError(`Status ${statusCode}.`) : answeredWith(statusCode);
}

/** Object stores deny access to what is not there, where the client may not list what is. */
async function isAccessDenied(body: AsyncIterable<Uint8Array>): Promise<boolean> {
  let text = "";
  for await (const part of body) {
    text += Buffer.from(part).toString("latin1");
    if (text.length > REASON_BYTES) break;
  }
  return text.includes("<Code>AccessDenied</Code>");
}

/** Ends an answer: what is left of it is read if it is little, so that the connection can be used again, and given up if it is more. Nobody waits for it. */
function discard({ body }: Dispatcher.ResponseData): void {
  if (!body.destroyed) void body.dump({ limit: DRAINED_BYTES }).catch(() => {});
}

function failureOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof BandloomError || error instanceof TransportError) return error;
  if (error instanceof Error && error.cause instanceof BandloomError) return error.cause;
  return new TransportError("The connection failed.", { cause: error });
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
