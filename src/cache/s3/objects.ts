import type { Dispatcher } from "undici";
import type { S3Options } from "../../source/index.ts";
import { Bucket } from "./bucket.ts";
import { Refusal } from "./refusal.ts";

export interface Place {
  readonly bucket: string;
  /** Begins the name of every object; without slashes at its ends, perhaps empty. */
  readonly prefix: string;
}

/** The objects below one prefix of a bucket. Everything rejects when its signal aborts, whatever is waited for. */
export class S3Objects {
  readonly #bucket: Bucket;
  readonly #prefix: string;

  constructor({ bucket, prefix }: Place, server: S3Options, connections: number) {
    this.#bucket = new Bucket(bucket, server, connections);
    this.#prefix = prefix === "" ? "" : `${prefix}/`;
  }

  /** Null: there is none, or it is longer than `limit` bytes. */
  read(name: string, limit: number, signal: AbortSignal): Promise<Buffer | null> {
    return within(signal, this.#read(name, limit, signal));
  }

  write(name: string, bytes: Buffer, contentType: string, signal: AbortSignal): Promise<void> {
    return within(signal, this.#write(name, bytes, contentType, signal));
  }

  /** Ends what is under way too. */
  close(): Promise<void> {
    return this.#bucket.close();
  }

  async #read(name: string, limit: number, signal: AbortSignal): Promise<Buffer | null> {
    try {
      const { headers, body } = await this.#bucket.send({ method: "GET", key: this.#prefix + name }, signal);
      return await collect(body, Number(headers["content-length"] ?? 0), limit);
    } catch (error) {
      if (error instanceof Refusal && error.isMissing) return null;
      throw error;
    }
  }

  async #write(name: string, body: Buffer, contentType: string, signal: AbortSignal): Promise<void> {
    const answer = await this.#bucket.send({ method: "PUT", key: this.#prefix + name, body, contentType }, signal);
    await answer.body.dump();
  }
}

/** `stated`: the length that was promised, 0 where none was. */
async function collect(body: Dispatcher.ResponseData["body"], stated: number, limit: number): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let total = stated > limit ? stated : 0;
  if (total === 0)
    for await (const part of body as AsyncIterable<Buffer>) {
      total += part.length;
      if (total > limit) break;
      parts.push(part);
    }
  if (total <= limit) return Buffer.concat(parts, total);
  body.destroy();
  return null;
}

/** Credentials are looked for without looking at the signal, perhaps for seconds. */
function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}
