import type { Dispatcher } from "undici";

/** The document that tells why is short. */
const MAX_REASON_BYTES = 4096;
const MAX_REASON = 120;
const NOT_FOUND = 404;
/** What S3 calls its reasons. Nothing else of the document is used: it may hold keys and hosts. */
const CODE = /<Code>([A-Za-z0-9]{1,64})<\/Code>/;
const REGION = /^[a-z0-9-]{1,32}$/;
/** What the system calls that which undici has names of its own for. */
const CONNECTION_CODES: ReadonlyMap<string, string> = new Map([
  ["UND_ERR_SOCKET", "ECONNRESET"],
  ["UND_ERR_CONNECT_TIMEOUT", "ETIMEDOUT"],
]);

/** S3 answered, and not with what was asked for. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  /** `SlowDown`, `AccessDenied` …; null: it did not say. */
  readonly code: string | null;
  /** Where the bucket is, if it told. */
  readonly region: string | null;
  /** Its clock, milliseconds since 1970; NaN: it did not say. */
  readonly time: number;

  constructor(status: number, headers: Dispatcher.ResponseData["headers"], document: string) {
    super(`status ${status}`);
    this.status = status;
    this.code = CODE.exec(document)?.[1] ?? null;
    const region = String(headers["x-amz-bucket-region"]);
    this.region = REGION.test(region) && region !== "undefined" ? region : null;
    this.time = Date.parse(String(headers.date));
  }

  /** Of the object, not of the bucket. */
  get isMissing(): boolean {
    return this.status === NOT_FOUND && (this.code === null || this.code === "NoSuchKey");
  }
}

export async function refusalOf({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Refusal> {
  let document = "";
  for await (const part of body as AsyncIterable<Buffer>) {
    document += part.toString("latin1");
    // Leaving the loop ends the connection too.
    if (document.length > MAX_REASON_BYTES) break;
  }
  return new Refusal(statusCode, headers, document);
}

/** Amazon denies access to what is not there, where the client may not list what is. */
export function isDenied(error: unknown): boolean {
  return error instanceof Refusal && error.code === "AccessDenied";
}

/** For the log: the name that is given to a failure says what to do; its message may hold keys and hosts. */
export function reasonOf(error: unknown): string {
  if (error instanceof Refusal) return `${error.code ?? "failure"}, status ${error.status}`;
  // What the signal of a deadline rejects with.
  if (error instanceof DOMException) return "no answer in time";
  const { name, code, message = "" } = (error ?? {}) as { name?: string; code?: string; message?: string };
  const known = code === undefined ? undefined : (CONNECTION_CODES.get(code) ?? code);
  return (known ?? (name === "Error" || name === undefined ? message : name)).slice(0, MAX_REASON);
}
