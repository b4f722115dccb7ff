import { Readable } from "node:stream";
import type { GetObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";
import { BandloomError } from "../../core/errors.ts";
import { type AllowList, parseAddress } from "./allow-list.ts";
import { type RawAnswer, readBytes } from "./answer.ts";
import { answeredWith, brokenAnswer } from "./failures.ts";
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

/** What servers other than Amazon's expect. */
const DEFAULT_REGION = "us-east-1";
/** For a connection, milliseconds. */
const CONNECT_MS = 5000;
/** Waiting for a free connection is meant to happen and no reason for a warning; the longest delay that a timer takes. */
const NEVER_MS = 2 ** 31 - 1;
/** Amazon denies access to what is not there, where the client may not list what is. */
const MISSING: readonly string[] = ["NoSuchKey", "NotFound", "NoSuchBucket", "AccessDenied"];
/** Said with status 400. */
const EXPIRED: readonly string[] = ["ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired"];

export interface S3Options {
  /** A server other than Amazon's. It is the operator's choice, so its address may be private. */
  readonly endpoint?: string;
  readonly region?: string;
  /** Buckets by path instead of by host name. */
  readonly pathStyle?: boolean;
}

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
    // Which versions of Node the SDK will support next year is no news for who looks at an image.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
    this.#client ??= import("@aws-sdk/client-s3").then(({ S3Client }) => {
      const { endpoint, region = regionOfEnvironment(endpoint), pathStyle, connectionsPerHost } = this.#options;
      const agent = { keepAlive: true, maxSockets: connectionsPerHost };
      return new S3Client({
        ...(region === undefined ? {} : { region }),
        forcePathStyle: pathStyle ?? false,
        followRegionRedirects: true,
        // Tries are counted where they are counted for HTTP.
        maxAttempts: 1,
        // Objects are read in parts, of which no checksum is known.
        responseChecksumValidation: "WHEN_REQUIRED",
        requestHandler: {
          ...{ httpAgent: agent, httpsAgent: agent },
          ...{ connectionTimeout: CONNECT_MS, socketAcquisitionWarningTimeout: NEVER_MS },
        },
        ...(endpoint === undefined ? {} : { endpoint }),
      });
    });
    return this.#client;
  }
}

/** Without an endpoint of its own the SDK looks for a region in the profile too, and fails where there is none. */
function regionOfEnvironment(endpoint: string | undefined): string | undefined {
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  return AWS_REGION ?? AWS_DEFAULT_REGION ?? (endpoint === undefined ? undefined : DEFAULT_REGION);
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
