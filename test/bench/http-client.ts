import { Agent, request } from "node:http";

/** Kept-alive connections to one server, as a browser has them; as little as possible between the clock and the socket. */
export class HttpClient {
  readonly #port: number;
  readonly #agent: Agent;

  constructor(port: number, connections: number) {
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Number of body bytes; rejects unless the answer is 200. */
  get(path: string): Promise<number> {
    return this.#send(path, "GET", null);
  }

  query(query: string): Promise<number> {
    return this.#send("/graphql", "POST", JSON.stringify({ query }));
  }

  #send(path: string, method: string, body: string | null): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers =
        body === null ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const call = request(
        { host: "127.0.0.1", port: this.#port, path, method, headers, agent: this.#agent },
        (answer) => {
          let length = 0;
          answer.on("data", (chunk: Buffer) => {
            length += chunk.length;
          });
          answer.on("end", () => {
            if (answer.statusCode === 200) resolve(length);
            else reject(new Error(`${method} ${path}: ${answer.statusCode}`));
          });
          answer.on("error", reject);
        },
      );
      call.on("error", reject);
      call.end(body ?? undefined);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
