import { createClient } from "graphql-sse";
import { tokenHeader } from "./token.ts";

/** An operation as GraphiQL hands it over. */
export interface Operation {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: unknown;
}

/** The answer's data and errors, and how long they took. */
export interface Answer {
  readonly result: unknown;
  readonly milliseconds: number;
}

export async function ask(operation: Operation, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const started = performance.now();
  const response = await fetch("/graphql", {
    method: "POST",
    headers: {
      ...tokenHeader(),
      ...lowercase(headers),
      "content-type": "application/json",
      accept: "application/json",
    },
    body: JSON.stringify(operation),
  });
  const result: unknown = await response.json();
  return { result, milliseconds: performance.now() - started };
}

/** Each answer of a subscription as it comes, as events. */
export async function* follow(
  operation: Operation,
  headers: Readonly<Record<string, string>> = {},
): AsyncGenerator<Answer> {
  const started = performance.now();
  const sentWith = { ...tokenHeader(), ...lowercase(headers) };
  const client = createClient({ url: "/graphql/stream", headers: sentWith, retryAttempts: 0 });
  try {
    const { query, operationName, variables } = operation;
    const sent = {
      query,
      ...(operationName == null ? {} : { operationName }),
      ...(variables == null ? {} : { variables: variables as Record<string, unknown> }),
    };
    for await (const result of client.iterate(sent)) yield { result, milliseconds: performance.now() - started };
  } finally {
    client.dispose();
  }
}

/** Answers of one subscription as if they were one: a list of what each field had. */
export function gathered(results: readonly unknown[]): unknown {
  const lists: Record<string, unknown[]> = {};
  for (const result of results) {
    const data = (result as { readonly data?: Readonly<Record<string, unknown>> | null }).data ?? {};
    for (const [name, value] of Object.entries(data)) {
      lists[name] ??= [];
      lists[name].push(value);
    }
  }
  return lists;
}

/** Text beyond this many characters is of no use to a reader and makes the editor slow. */
const SHOWN_CHARACTERS = 1000;
const SHOWN_OF_LONG = 64;

/** The answer as it is shown: long base64 is cut, the rest is untouched. */
export function readable(value: unknown): unknown {
  if (typeof value === "string" && value.length > SHOWN_CHARACTERS)
    return `${value.slice(0, SHOWN_OF_LONG)}… (${value.length.toLocaleString("en")} characters)`;
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, readable(entry)]));
}

/** Names as people write them are one name. */
function lowercase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
