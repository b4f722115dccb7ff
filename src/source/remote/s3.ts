import type { GetObjectCommandInput, S3Client } from "@aws-sdk/client-s3";
import { type AllowList, parseAddress } from "./allow-list.ts";
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

/** What servers other than Amazon's expect. */
const DEFAULT_REGION = "us-east-1";
const MISSING: readonly string[] = ["NoSuchKey", "NotFound", "NoSuchBucket"];
const CONNECTIONS = 32;

export interface S3Options {
  /** A server other than Amazon's. It is the operator's choice, so its address may be private. */
  readonly endpoint?: string;
  readonly region?: string;
  /** Buckets by path instead of by host name. */
  readonly pathStyle?: boolean;
}

/** Amazon S3 and what speaks its language, through the AWS SDK, which finds the credentials where it always does. */
export class S3Transport implements Transport {
  readonly #allowed: AllowList;
  readonly #options: S3Options;
  #client: Promise<S3Client> | null = null;

  constructor(allowed: AllowList, options: S3Options) {
    this.#allowed = allowed;
    this.#options = options;
  }

  async read(address: string, { range, validator, limit }: BlobRequest, signal: AbortSignal): Promise<BlobAnswer> {
    const { GetObjectCommand } = await import("@aws-sdk/client-s3");
    const input: GetObjectCommandInput = {
      ...this.#object(address),
      ...(range ? { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` } : {}),
      ...(isStrong(validator) ? { IfMatch: validator } : {}),
    };
    try {
      const client = await this.#connect();
      const answer = await client.send(new GetObjectCommand(input), { abortSignal: signal });
      const told = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(answer.ContentRange ?? "");
      const [offset = 0, last = (answer.ContentLength ?? 0) - 1, size = answer.ContentLength ?? 0] = (told ?? [])
        .slice(1)
        .map(Number);
      const length = last - offset + 1;
      if (length > limit) throw tooLarge(limit);
      const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array(0);
      if (bytes.length !== length) throw new TransportError("The answer was cut off.");
      if (range && told && offset !== range.offset) throw brokenAnswer("answers with another range than was asked for");
      return { kind: "bytes", bytes, offset, size, validator: versionOf(answer) };
    } catch (error) {
      return answerTo(error, range, signal);
    }
  }

  async head(address: string, signal: AbortSignal): Promise<BlobHead | null> {
    const { HeadObjectCommand } = await import("@aws-sdk/client-s3");
    try {
      const client = await this.#connect();
      const answer = await client.send(new HeadObjectCommand(this.#object(address)), { abortSignal: signal });
      return { size: answer.ContentLength ?? 0, validator: versionOf(answer) };
    } catch (error) {
      if (answerTo(error, null, signal).kind === "missing") return null;
      throw error;
    }
  }

  async close(): Promise<void> {
    (await this.#client)?.destroy();
  }

  #object(text: string): { readonly Bucket: string; readonly Key: string } {
    const address = parseAddress(text);
    this.#allowed.check(address);
    if (address.kind !== "s3") throw new Error("This is no S3 address.");
    return { Bucket: address.bucket, Key: address.key };
  }

  #connect(): Promise<S3Client> {
    // Which versions of Node the SDK will support next year is no news for who looks at an image.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
    this.#client ??= import("@aws-sdk/client-s3").then(({ S3Client }) => {
      const { endpoint, region = regionOfEnvironment(endpoint), pathStyle } = this.#options;
      return new S3Client({
        ...(region === undefined ? {} : { region }),
        forcePathStyle: pathStyle ?? false,
        followRegionRedirects: true,
        // Tries are counted where they are counted for HTTP.
        maxAttempts: 1,
        requestHandler: { httpAgent: { maxSockets: CONNECTIONS }, httpsAgent: { maxSockets: CONNECTIONS } },
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

function versionOf(answer: { readonly ETag?: string | undefined; readonly LastModified?: Date | undefined }) {
  return validatorOf(answer.ETag, answer.LastModified?.toUTCString());
}

interface S3Failure {
  readonly name?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** What a failure of the SDK means; throws what it is not an answer. Names of hosts, buckets and keys stay in the cause. */
function answerTo(error: unknown, range: BlobRequest["range"], signal: AbortSignal): BlobAnswer {
  if (signal.aborted) throw signal.reason;
  const { name = "", $metadata } = (error ?? {}) as S3Failure;
  const status = $metadata?.httpStatusCode;
  if (status === undefined) {
    if (name === "CredentialsProviderError")
      throw brokenAnswer("needs credentials, and this server has none that are valid");
    throw name === "BandloomError" || name === "TransportError"
      ? error
      : new TransportError("The connection failed.", { cause: error });
  }
  if (status === 404 || MISSING.includes(name)) return { kind: "missing" };
  if (status === 412) return { kind: "changed" };
  if (status === 416)
    return range?.offset === 0
      ? { kind: "bytes", bytes: new Uint8Array(0), offset: 0, size: 0, validator: null }
      : { kind: "changed" };
  if (status >= 500 || status === 429 || name === "SlowDown")
    throw new TransportError(`status ${status}`, { cause: error });
  throw answeredWith(status);
}
