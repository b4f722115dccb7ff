import { lookup as lookUp } from "node:dns";
import type { LookupFunction } from "node:net";
import { Agent, type Dispatcher, request } from "undici";
import { BandloomError } from "../../core/errors.ts";
import { type AllowList, assertAddress, type Permission, parseAddress } from "./allow-list.ts";
import { answeredWith, brokenAnswer, tooLarge } from "./failures.ts";
import {
  type BlobAnswer,
  type BlobHead,
  type BlobRequest,
  isStrong,
  type Transport,
  TransportError,
  validatorOf,
} from "./transport.ts";

const MAX_REDIRECTS = 5;
/** Where a server says nothing for so long, milliseconds, the request is given up; the deadline of the whole may be nearer. */
const STALL_MS = 5000;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const BUSY: readonly number[] = [408, 425, 429, 500, 502, 503, 504];
const PARTIAL = 206;
const PRECONDITION_FAILED = 412;
const RANGE_NOT_SATISFIABLE = 416;

export interface HttpOptions {
  readonly allowed: AllowList;
  readonly connectionsPerHost: number;
}

/** HTTP and HTTPS. The address that is connected to is one that was checked, at every redirect anew. */
export class HttpTransport implements Transport {
  readonly #allowed: AllowList;
  readonly #public: Agent;
  readonly #private: Agent;

  constructor({ allowed, connectionsPerHost }: HttpOptions) {
    this.#allowed = allowed;
    const agent = (permission: Permission) =>
      new Agent({
        connections: connectionsPerHost,
        headersTimeout: STALL_MS,
        bodyTimeout: STALL_MS,
        connect: { timeout: STALL_MS, lookup: checkedLookup(permission) },
      });
    this.#public = agent({ private: false });
    this.#private = agent({ private: true });
  }

  async read(address: string, { range, validator, limit }: BlobRequest, signal: AbortSignal): Promise<BlobAnswer> {
    const headers: Record<string, string> = { "accept-encoding": "identity" };
    if (range) headers.range = `bytes=${range.offset}-${range.offset + range.length - 1}`;
    if (isStrong(validator)) headers["if-match"] = validator;
    const answer = await this.#request("GET", address, headers, signal);
    try {
      return await readAnswer(answer, range, limit);
    } finally {
      // What is not wanted any more must not be waited for.
      answer.body.destroy();
    }
  }

  async head(address: string, signal: AbortSignal): Promise<BlobHead | null> {
    const answer = await this.#request("HEAD", address, { "accept-encoding": "identity" }, signal);
    answer.body.destroy();
    const { statusCode, headers } = answer;
    if (isMissing(statusCode)) return null;
    if (statusCode !== 200) throw failure(statusCode);
    const size = wholeNumber(one(headers["content-length"]));
    if (size === null) throw brokenAnswer("does not say how long it is");
    return { size, validator: validatorOf(one(headers.etag), one(headers["last-modified"])) };
  }

  async close(): Promise<void> {
    await Promise.all([this.#public.destroy(), this.#private.destroy()]);
  }

  async #request(
    method: "GET" | "HEAD",
    start: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    let address = start;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const { url, permission } = this.#permitted(address);
      const dispatcher = permission.private ? this.#private : this.#public;
      const answer = await request(url, { method, headers, dispatcher, signal }).catch((error: unknown) => {
        throw connectionFailure(error, signal);
      });
      if (!REDIRECTS.includes(answer.statusCode)) return answer;
      answer.body.destroy();
      const target = one(answer.headers.location) ?? "";
      if (!URL.canParse(target, url)) throw brokenAnswer("redirects to nowhere");
      address = new URL(target, url).href;
    }
    throw brokenAnswer("redirects too often");
  }

  #permitted(text: string): { readonly url: URL; readonly permission: Permission } {
    const address = parseAddress(text);
    if (address.kind !== "http") throw new BandloomError("FORBIDDEN", "The address of this image leads elsewhere.");
    return { url: address.url, permission: this.#allowed.check(address) };
  }
}

/** DNS, with the answers that may be connected to; the connection is made to one of them and not looked up again. */
function checkedLookup(permission: Permission): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, found) => {
      const [first] = found ?? [];
      if (error || !first) {
        callback(error ?? new Error("no address"), "", 4);
        return;
      }
      try {
        for (const { address } of found) assertAddress(address, permission);
      } catch (refusal) {
        callback(refusal as Error, "", 4);
        return;
      }
      if (options.all) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
}

async function readAnswer(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  range: BlobRequest["range"],
  limit: number,
): Promise<BlobAnswer> {
  if (isMissing(statusCode)) return { kind: "missing" };
  if (statusCode === PRECONDITION_FAILED) return { kind: "changed" };
  const validator = validatorOf(one(headers.etag), one(headers["last-modified"]));
  if (statusCode === RANGE_NOT_SATISFIABLE) {
    const isEmpty = range?.offset === 0 && /\/0$/.test(one(headers["content-range"]) ?? "");
    return isEmpty ? { kind: "bytes", bytes: new Uint8Array(0), offset: 0, size: 0, validator } : { kind: "changed" };
  }
  if (statusCode !== 200 && statusCode !== PARTIAL) throw failure(statusCode);
  if (!/^(identity)?$/i.test(one(headers["content-encoding"]) ?? ""))
    throw brokenAnswer("compresses what it sends although it was asked not to");
  if (statusCode === 200) {
    const length = wholeNumber(one(headers["content-length"]));
    if (length !== null && length > limit) throw tooLarge(limit);
    const bytes = await collect(body, limit);
    if (length !== null && bytes.length !== length) throw new TransportError("The answer was cut off.");
    return { kind: "bytes", bytes, offset: 0, size: bytes.length, validator };
  }
  const told = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(one(headers["content-range"]) ?? "");
  const [offset, last, size] = (told ?? []).slice(1).map(Number);
  if (!range || offset === undefined || last === undefined || size === undefined)
    throw brokenAnswer("answers range requests wrongly");
  const due = Math.min(range.offset + range.length, size) - range.offset;
  if (offset !== range.offset || last - offset + 1 !== due)
    throw brokenAnswer("answers with another range than was asked for");
  const bytes = await collect(body, due);
  if (bytes.length !== due) throw new TransportError("The answer was cut off.");
  return { kind: "bytes", bytes, offset, size, validator };
}

/** A body of at most `limit` bytes. */
async function collect(body: Dispatcher.ResponseData["body"], limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of body as AsyncIterable<Uint8Array>) {
      length += part.length;
      if (length > limit) throw tooLarge(limit);
      parts.push(part);
    }
  } catch (error) {
    throw connectionFailure(error, null);
  }
  return Buffer.concat(parts, length);
}

function isMissing(status: number): boolean {
  return status === 404 || status === 410;
}

function failure(status: number): Error {
  return BUSY.includes(status) ? new TransportError(`status ${status}`) : answeredWith(status);
}

function connectionFailure(error: unknown, signal: AbortSignal | null): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof BandloomError) return error;
  if (error instanceof Error && error.cause instanceof BandloomError) return error.cause;
  return new TransportError("The connection failed.", { cause: error });
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
