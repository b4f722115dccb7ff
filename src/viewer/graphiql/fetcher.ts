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
    headers: { ...headers, "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(operation),
  });
  const result: unknown = await response.json();
  return { result, milliseconds: performance.now() - started };
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
