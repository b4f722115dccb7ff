import { Agent, type Dispatcher } from "undici";
import type { S3Options } from "../../source/index.ts";
import { type Door, findDoor } from "./door.ts";
import { Refusal, refusalOf } from "./refusal.ts";

/** For a connection, milliseconds; the deadline of a request may be nearer. */
const CONNECT_MS = 5000;
const OK = 200;

export interface ObjectRequest {
  readonly method: "GET" | "PUT";
  /** Of the object, as it is: not encoded. */
  readonly key: string;
  readonly body?: Buffer;
  readonly contentType?: string;
}

/**
 * Signed requests to one bucket. The SDK finds credentials and addresses and signs; it does not send, for what it does around a
 * request takes more time of this thread than many a tile takes to render.
 */
export class Bucket {
  readonly #name: string;
  readonly #server: S3Options;
  readonly #agent: Agent;
  #door: Promise<Door> | null = null;
  /** Where the bucket turned out to be; null: where the settings say. */
  #region: string | null = null;
  /** How far the clock of S3 is ahead of this one, milliseconds. */
  #aheadMs = 0;

  constructor(name: string, server: S3Options, connections: number) {
    this.#name = name;
    this.#server = server;
    this.#agent = new Agent({ connections, connect: { timeout: CONNECT_MS } });
  }

  /** The answer, whose body the caller reads or ends. Rejects with a Refusal where S3 says no. */
  async send(request: ObjectRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const door = await this.#found();
    const answer = await this.#ask(door, request, signal);
    if (!(answer instanceof Refusal)) return answer;
    if (!this.#learn(answer, door)) throw answer;
    const second = await this.#ask(await this.#found(), request, signal);
    if (second instanceof Refusal) throw second;
    return second;
  }

  /** Ends what is under way too. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #ask(
    { url, region, signer }: Door,
    { method, key, body, contentType }: ObjectRequest,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData | Refusal> {
    const { protocol, hostname, host, origin } = url;
    // A path of `/` alone, as of a bucket that is named by its host, is a slash too many.
    const path = `${url.pathname === "/" ? "" : url.pathname}/${encoded(key)}`;
    const headers = { host, ...(contentType === undefined ? {} : { "content-type": contentType }) };
    const content = body === undefined ? {} : { body };
    const signed = await signer.sign(
      { method, protocol, hostname, path, query: {}, headers, ...content },
      { signingRegion: region, signingDate: new Date(Date.now() + this.#aheadMs) },
    );
    const sent = { ...signed.headers, "user-agent": "Bandloom" };
    const answer = await this.#agent.request({ origin, path, method, headers: sent, ...content, signal });
    return answer.statusCode === OK ? answer : refusalOf(answer);
  }

  /** True: S3 told something that may make the next try succeed. */
  #learn({ region, code, time }: Refusal, door: Door): boolean {
    if (region !== null && region !== door.region) {
      // Others that were under way learn the same.
      if (region !== this.#region) this.#door = null;
      this.#region = region;
      return true;
    }
    if (code !== "RequestTimeTooSkewed" || Number.isNaN(time)) return false;
    this.#aheadMs = time - Date.now();
    return true;
  }

  #found(): Promise<Door> {
    if (this.#door) return this.#door;
    const region = this.#region === null ? {} : { region: this.#region };
    const door = findDoor(this.#name, { ...this.#server, ...region });
    this.#door = door;
    // Credentials that were not there may come.
    door.catch(() => {
      if (this.#door === door) this.#door = null;
    });
    return door;
  }
}

/** As S3 encodes before it signs: everything but RFC 3986's unreserved characters, and slashes. */
function encoded(key: string): string {
  const hex = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(key)
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, hex);
}
