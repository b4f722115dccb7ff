import { Readable } from "node:stream";
import type { GetObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";
import { BandloomError } from "../../core/errors.ts";
import { type AllowList, parseAddress } from "./allow-list.ts";
import { type RawAnswer, readBytes } from "./answer.ts";
import { answeredWith, brokenAnswer } from "./failures.ts";
import { connectS3, type S3Options } from "./s3-client.ts";
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

/** Amazon denies access to what is not there, where the client may not list what is. */
const MISSING: readonly string[] = ["NoSuchKey", "NotFound", "NoSuchBucket", "AccessDenied"];
/** Said with status 400. */
const EXPIRED: readonly string[] = ["ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired"];

interface TransportOptions extends S3Options {
  readonly allowed: AllowList;
  readonly connectionsPerHost: number;
}

/** Amazon S3 and what speaks its language, through the AWS SDK, which finds the credentials where it always does. */
export class S3Transport implements Transport {
  readonly #options: TransportOptions;
  #client: Promise<S3Client> | null = null;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async read(address: string, wanted: BlobRequest, signal: AbortSignal): Promise<BlobAnswer> {
    let body: Readable | null = null;
    try {
      const answer = await this.#get(address, wanted, signal);
      body = bodyOf(answer);
      return await readBytes(rawAnswer(answer, body), wanted);
    } catch (error) {
      return answerTo(error, wanted, signal);
    } finally {
      body?.destroy();
    }
  }

  /** As over HTTP, by a GET of the first bytes: it tells missing objects and wrong credentials by name, which a HEAD has no room for. */
  async head(address: string, limit: number, signal: AbortSignal): Promise<BlobHead | null> {
    const found = await this.read(address, { range: FIRST_BYTES, validator: null, limit }, signal);
    return found.kind === "bytes" ? { size: found.size, validator: found.validator } : null;
  }

  async close(): Promise<void> {
    (await this.#client)?.destroy();
  }

  async #get(text: string, { range, validator }: BlobRequest, signal: AbortSignal): Promise<GetObjectCommandOutput> {
    const { GetObjectCommand } = await import("@aws-sdk/client-s3");
    const address = parseAddress(text);
    this.#options.allowed.check(address);
    if (address.kind !== "s3") throw new Error("This is no S3 address.");
    const client = await this.#connect();
    const command = new GetObjectCommand({
      ...{ Bucket: address.bucket, Key: address.key },
      ...(range ? { Range: rangeHeader(range) } : {}),
      ...(isStrong(validator) ? { IfMatch: validator } : {}),
    });
    return client.send(command, { abortSignal: signal });
  }

  #connect(): Promise<S3Client> {
    this.#client ??= connectS3(this.#options, this.#options.connectionsPerHost);
    return this.#client;
  }
}

function rawAnswer(answer: GetObjectCommandOutput, body: AsyncIterable<Uint8Array>): RawAnswer {
  return {
    contentRange: answer.ContentRange,
    contentLength: answer.ContentLength ?? null,
    // How the object was stored, not how it travels.
    contentEncoding: undefined,
    validator: validatorOf(answer.ETag, answer.LastModified?.toUTCString()),
    body,
  };
}

/** In Node the SDK gives the answer itself, which is a stream. */
function bodyOf({ Body }: GetObjectCommandOutput): Readable {
  return Body instanceof Readable ? Body : Readable.from([]);
}

interface Failure {
  readonly name?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** What a failure of the SDK means; throws what it is not an answer. What the SDK says of hosts, buckets, keys and credentials stays here. */
function answerTo(error: unknown, { range }: BlobRequest, signal: AbortSignal): BlobAnswer {
  if (signal.aborted) throw signal.reason;
  if (error instanceof BandloomError || error instanceof TransportError) throw error;
  const { name = "", $metadata } = (error ?? {}) as Failure;
  const status = $metadata?.httpStatusCode;
  if (name === "CredentialsProviderError")
    throw brokenAnswer("needs credentials, and none were found. A public bucket can be read by its https address");
  if (status === undefined) throw new TransportError(`The connection failed (${name}).`);
  if (MISSING.includes(name) || status === 404) return { kind: "missing" };
  if (status === 412) return { kind: "changed" };
  if (status === 416)
    return range && "offset" in range && range.offset === 0
      ? { kind: "bytes", bytes: new Uint8Array(0), offset: 0, size: 0, validator: null, whole: true }
      : { kind: "changed" };
  if (EXPIRED.includes(name)) throw brokenAnswer("refuses the credentials of this one: they have expired");
  if (name === "SlowDown" || status >= 500) throw new TransportError(`Status ${status} (${name}).`);
  throw answeredWith(status);
}
