import { Agent, request } from "node:http";

/** A request: a GET, or a GraphQL operation where it has a query. */
export interface Question {
  readonly path: string;
  readonly query?: string;
}

export interface Answer {
  /** 0: the connection ended before all of the answer came. */
  readonly status: number;
  /** The answer is what was asked for: 200, and without errors where it is one of GraphQL. */
  readonly isGood: boolean;
  /** From when it was meant to be asked until the last byte, milliseconds. */
  readonly ms: number;
  /** Of the connection: `ECONNRESET` and so on; null where an answer came. */
  readonly failure: string | null;
}

/** A client that waits longer than this has gone. */
const PATIENCE_MS = 120_000;

/** Asks a server as clients at several addresses would, for whom a proxy speaks. It does as little as possible for each request. */
export class Caller {
  readonly #port: number;
  readonly #addresses: readonly string[];
  /** False: a connection of its own for each request. */
  readonly #agent: Agent | false;
  #asked = 0;

  constructor(port: number, addresses: readonly string[], connections: number | "fresh") {
    this.#port = port;
    this.#addresses = addresses;
    const bounds = { maxSockets: Number(connections), maxFreeSockets: Number(connections) };
    this.#agent = connections === "fresh" ? false : new Agent({ keepAlive: true, ...bounds });
  }

  /** Never rejects: what fails is an answer too. `begin`: when it was meant to be asked. */
  ask({ path, query }: Question, begin = performance.now()): Promise<Answer> {
    const body = query === undefined ? null : JSON.stringify({ query });
    const headers: Record<string, string | number> = {
      "x-forwarded-for": this.#addresses[this.#asked++ % this.#addresses.length] ?? "",
    };
    if (body !== null) {
      headers["content-type"] = "application/json";
      headers["content-length"] = Buffer.byteLength(body);
    }
    const method = body === null ? "GET" : "POST";
    const options = { host: "127.0.0.1", port: this.#port, path, method, headers, agent: this.#agent };
    return new Promise((resolve) => {
      const failed = (error: NodeJS.ErrnoException) => {
        const failure = error.code ?? error.message;
        resolve({ status: 0, isGood: false, ms: performance.now() - begin, failure });
      };
      const call = request(options, (answer) => {
        const status = answer.statusCode ?? 0;
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => {
          if (body !== null) parts.push(part);
        });
        answer.on("end", () => {
          const isGood = status === 200 && !Buffer.concat(parts).includes('"errors":');
          resolve({ status, isGood, ms: performance.now() - begin, failure: null });
        });
        answer.on("error", failed);
      });
      call.setTimeout(PATIENCE_MS, () => call.destroy(new Error("no answer in time")));
      call.on("error", failed);
      call.end(body ?? undefined);
    });
  }

  close(): void {
    if (this.#agent) this.#agent.destroy();
  }
}
