import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { type Asker, headersOf } from "../fixtures/tenants.ts";
import type { Running } from "../http/running.ts";

/** What came of an operation, by whatever road. */
export interface Told {
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
  /** Whoever asks is not let in at all. */
  readonly refused: boolean;
  /** All that was said. */
  readonly text: string;
}

export type Road = "POST" | "GET" | "events" | "WebSocket";
export const ROADS: readonly Road[] = ["POST", "GET", "events", "WebSocket"];

/** Which roads an operation may take. */
export function roadsOf(query: string): readonly Road[] {
  if (query.startsWith("mutation")) return ROADS.filter((road) => road !== "GET");
  return query.startsWith("subscription") ? ["events", "WebSocket"] : ROADS;
}

export function send(server: Running, asker: Asker, query: string, road: Road): Promise<Told> {
  if (road === "WebSocket") return overSocket(server, asker, query);
  return overHttp(server, asker, query, road);
}

async function overHttp(server: Running, asker: Asker, query: string, road: Road): Promise<Told> {
  const headers = {
    ...headersOf(asker),
    "content-type": "application/json",
    accept: road === "events" ? "text/event-stream" : "application/json",
  };
  const answer =
    road === "GET"
      ? await server.get(`/graphql?query=${encodeURIComponent(query)}`, { headers })
      : await server.get(road === "POST" ? "/graphql" : "/graphql/stream", {
          ...{ method: "POST", headers },
          body: JSON.stringify({ query }),
        });
  const text = await answer.text();
  return told(text.startsWith("{") ? [JSON.parse(text)] : eventsOf(text), answer.status === 401);
}

function eventsOf(text: string): readonly object[] {
  return [...text.matchAll(/^event: next\ndata: (.*)$/gm)].map(([, data = ""]) => JSON.parse(data) as object);
}

async function overSocket({ url }: Running, { authorization }: Asker, query: string): Promise<Told> {
  let refused = false;
  const client = createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...(authorization === null ? {} : { connectionParams: { authorization } }),
    on: {
      closed: (event) => {
        refused = (event as { readonly code: number }).code === 4403;
      },
    },
  });
  const results: object[] = [];
  try {
    for await (const result of client.iterate({ query })) results.push(result);
  } catch (error) {
    if (Array.isArray(error)) results.push({ errors: error as unknown[] });
    else if (!refused) throw error;
  } finally {
    await client.dispose();
  }
  return told(results, refused);
}

function told(results: readonly object[], refused: boolean): Told {
  const parts = results as readonly Partial<Told>[];
  return {
    data: parts.find(({ data }) => data)?.data ?? null,
    errors: parts.flatMap(({ errors = [] }) => errors),
    refused,
    text: JSON.stringify(results),
  };
}
