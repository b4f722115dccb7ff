import type { GroupRules } from "./schema.ts";
import type { Scope } from "./types.ts";

/** What somebody may, before it is joined with who that is. */
export interface Granted {
  readonly read: readonly string[];
  readonly scopes: ReadonlySet<Scope>;
}

/** What everybody of a kind may, and what the groups add of which somebody is. */
export function grantedTo(
  base: { readonly read: readonly string[]; readonly scopes: readonly Scope[] },
  map: GroupRules,
  groups: readonly string[],
): Granted {
  const found = groups.flatMap((group) => (Object.hasOwn(map, group) ? [map[group]] : []));
  return {
    read: [...new Set([...base.read, ...found.flatMap((one) => one?.read ?? [])])],
    scopes: new Set<Scope>(["read", ...base.scopes, ...found.flatMap((one) => one?.scopes ?? [])]),
  };
}
