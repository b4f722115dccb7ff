import type { IncomingHttpHeaders } from "node:http";
import type { ProxyRules } from "./schema.ts";

/** Of groups of one user. */
const MOST = 1_000;

export interface ProxyUser {
  readonly name: string;
  readonly groups: readonly string[];
}

/** Who a trusted proxy says is there; null: nobody. */
export function proxyUser({ userHeader, groupsHeader }: ProxyRules, headers: IncomingHttpHeaders): ProxyUser | null {
  const name = textOf(headers[userHeader]);
  if (name === "") return null;
  const groups = textOf(headers[groupsHeader]).split(",", MOST);
  return { name, groups: groups.map((group) => group.trim()).filter((group) => group !== "") };
}

/** Node reads a byte a character; proxies send UTF-8. */
function textOf(header: string | string[] | undefined): string {
  const bytes = Buffer.from([header ?? ""].flat().join(","), "latin1");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim();
  } catch {
    return bytes.toString("latin1").trim();
  }
}
