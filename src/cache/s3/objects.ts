import { addAbortSignal, Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { connectS3, type S3Options } from "../../source/index.ts";

export interface Place {
  readonly bucket: string;
  /** Begins the name of every object; without slashes at its ends, perhaps empty. */
  readonly prefix: string;
}

/** What a failure of the SDK tells. */
interface Failure {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Of the object, not of the bucket. */
const MISSING: readonly string[] = ["NoSuchKey", "NotFound"];
const MAX_REASON = 120;

/** The objects below one prefix of a bucket. Everything rejects when its signal aborts, whatever the SDK is waiting for. */
export class S3Objects {
  readonly #place: Place;
  readonly #connect: () => Promise<S3Client>;
  #client: Promise<S3Client> | null = null;

  constructor(place: Place, server: S3Options, connections: number) {
    this.#place = place;
    this.#connect = () => connectS3(server, connections);
  }

  /** Null: there is none, or it is longer than `limit` bytes. */
  read(name: string, limit: number, signal: AbortSignal): Promise<Buffer | null> {
    return within(signal, this.#read(name, limit, signal));
  }

  write(name: string, bytes: Buffer, contentType: string, signal: AbortSignal): Promise<void> {
    return within(signal, this.#write(name, bytes, contentType, signal));
  }

  /** Ends what is under way too. */
  async close(): Promise<void> {
    const client = await this.#client?.catch(() => null);
    client?.destroy();
  }

  async #read(name: string, limit: number, signal: AbortSignal): Promise<Buffer | null> {
    const { GetObjectCommand } = await import("@aws-sdk/client-s3");
    const client = await this.#connected();
    let body: Readable | null = null;
    try {
      const answer = await client.send(new GetObjectCommand(this.#address(name)), { abortSignal: signal });
      // In Node the SDK gives the answer itself, which is a stream.
      if (!(answer.Body instanceof Readable)) return null;
      body = addAbortSignal(signal, answer.Body);
      if ((answer.ContentLength ?? 0) > limit) return null;
      return await collect(body, limit);
    } catch (error) {
      if (MISSING.includes((error as Failure).name ?? "")) return null;
      throw error;
    } finally {
      body?.destroy();
    }
  }

  async #write(name: string, bytes: Buffer, contentType: string, signal: AbortSignal): Promise<void> {
    const { PutObjectCommand } = await import("@aws-sdk/client-s3");
    const client = await this.#connected();
    const command = new PutObjectCommand({ ...this.#address(name), Body: bytes, ContentType: contentType });
    await client.send(command, { abortSignal: signal });
  }

  #address(name: string) {
    const { bucket, prefix } = this.#place;
    return { Bucket: bucket, Key: prefix === "" ? name : `${prefix}/${name}` };
  }

  #connected(): Promise<S3Client> {
    this.#client ??= this.#connect();
    return this.#client;
  }
}

/** Amazon denies access to what is not there, where the client may not list what is. */
export function isDenied(error: unknown): boolean {
  return (error as Failure | null)?.name === "AccessDenied";
}

/** For the log: the name that S3 gives a failure says what to do; its message may hold keys and hosts. */
export function reasonOf(error: unknown): string {
  const { name, code, message = "", $metadata } = (error ?? {}) as Failure;
  const status = $metadata?.httpStatusCode;
  // What the signal of a deadline rejects with, and what the SDK makes of it: it calls lost connections timeouts too.
  if (error instanceof DOMException || name === "AbortError") return "no answer in time";
  if (status !== undefined) return `${name ?? "failure"}, status ${status}`;
  return (code ?? (name === "Error" || name === undefined ? message : name)).slice(0, MAX_REASON);
}

async function collect(body: Readable, limit: number): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let total = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    total += part.length;
    if (total > limit) return null;
    parts.push(part);
  }
  return Buffer.concat(parts, total);
}

/** The SDK looks for credentials without looking at the signal, and may do so for seconds. */
function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}
