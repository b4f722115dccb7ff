import { createClient } from "graphql-sse";
import { BandloomError, ERROR_STATUS, type ErrorCode } from "../../core/errors.ts";
import type { BegunJob, PrerenderState, PrerenderWish } from "./types.ts";

const STATE = "id state completed failed total rate error";
/** A server that does not answer within this time does not. */
const ANSWER_WITHIN_MS = 30_000;
const UNFINISHED: ReadonlySet<string> = new Set(["QUEUED", "RUNNING"]);

interface Server {
  /** Where it serves, such as http://127.0.0.1:8080. */
  readonly url: string;
  readonly token: string | null;
}

interface Answer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: unknown } }[];
}

/** A job on a server that runs. SOURCE_FAILED where it does not answer; else what it says. */
export async function beginRemoteJob(server: Server, wish: PrerenderWish): Promise<BegunJob> {
  const { format, quality, lossless } = wish.encoding;
  const input = { ...wish, encoding: { format: format.toUpperCase(), quality, lossless } };
  const query = `mutation ($input: PrerenderInput!) { prerender(input: $input) { job { id } userErrors { message } } }`;
  const { prerender } = await ask<{ prerender: Payload }>(server, query, { input });
  if (prerender.job === null)
    throw new BandloomError("FORMULA_INVALID", prerender.userErrors[0]?.message ?? "Nothing was begun.");
  const { id } = prerender.job;
  return {
    id,
    watch: (signal) => states(server, id, signal),
    cancel: async () => {
      const cancel = `mutation ($input: CancelJobInput!) { cancelJob(input: $input) { job { id } } }`;
      await ask(server, cancel, { input: { id } });
    },
  };
}

interface Payload {
  readonly job: { readonly id: string } | null;
  readonly userErrors: readonly { readonly message: string }[];
}

async function* states(server: Server, id: string, signal: AbortSignal): AsyncGenerator<PrerenderState> {
  const client = createClient({ url: `${baseOf(server)}/graphql/stream`, headers: headersOf(server) });
  const leave = () => client.dispose();
  signal.addEventListener("abort", leave, { once: true });
  const query = `subscription ($id: ID!) { jobUpdated(id: $id) { ${STATE} } }`;
  let last: PrerenderState | null = null;
  try {
    for await (const answer of client.iterate<{ jobUpdated: PrerenderState }>({ query, variables: { id } })) {
      last = dataOf<{ jobUpdated: PrerenderState }>(answer as Answer).jobUpdated;
      yield last;
    }
    // A server that is stopped in order ends its streams as those of jobs that have ended.
    if (last && UNFINISHED.has(last.state) && !signal.aborted) throw silent(server);
  } catch (cause) {
    throw cause instanceof BandloomError ? cause : silent(server, cause);
  } finally {
    signal.removeEventListener("abort", leave);
    client.dispose();
  }
}

function silent({ url }: Server, cause?: unknown): BandloomError {
  const message = `The server at ${url} does not tell how far the job is any more. The job goes on when it is back.`;
  return new BandloomError("SOURCE_FAILED", message, { cause });
}

async function ask<Data>(server: Server, query: string, variables: object): Promise<Data> {
  let answer: Answer;
  try {
    const response = await fetch(`${baseOf(server)}/graphql`, {
      method: "POST",
      headers: { ...headersOf(server), "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    answer = (await response.json()) as Answer;
  } catch (cause) {
    const message = `No Bandloom answers at ${server.url}. Start one, or leave out --server to render here.`;
    throw new BandloomError("SOURCE_FAILED", message, { cause });
  }
  return dataOf<Data>(answer);
}

function dataOf<Data>({ data, errors }: Answer): Data {
  const [error] = errors ?? [];
  if (!error && data) return data as Data;
  const code = String(error?.extensions?.code);
  const known = code in ERROR_STATUS ? (code as ErrorCode) : "BAD_REQUEST";
  throw new BandloomError(known, error?.message ?? "The server's answer cannot be understood.");
}

function baseOf({ url }: Server): string {
  return url.replace(/\/+$/, "");
}

function headersOf({ token }: Server): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}
