import type { Scope } from "../access/types.ts";
import type { Role } from "../core/roles.ts";

/** Routes that one kind of process answers. */
export type RouteGroup = Exclude<Role, "all">;

const READ = "GET, HEAD, OPTIONS";
const QUERY = "GET, HEAD, POST, OPTIONS";

/** What can be asked at a path. One that ends in `/` stands for everything below it, `/` for itself alone. */
export interface Route {
  readonly path: string;
  readonly methods: string;
  /** Null: every process answers. */
  readonly group: RouteGroup | null;
  /** What lets a request in: a link, or a principal with this scope. Null: nothing is asked here; `/graphql` asks for what its fields name. */
  readonly scope: Scope | null;
}

const ROUTES: readonly Route[] = [
  { path: "/healthz", methods: READ, group: null, scope: null },
  { path: "/readyz", methods: READ, group: null, scope: null },
  { path: "/", methods: READ, group: "api", scope: null },
  { path: "/assets/", methods: READ, group: "api", scope: null },
  { path: "/graphql", methods: QUERY, group: "api", scope: null },
  { path: "/graphql/stream", methods: QUERY, group: "api", scope: null },
  { path: "/tilejson/", methods: READ, group: "api", scope: "read" },
  { path: "/tiles/", methods: READ, group: "render", scope: "read" },
  { path: "/regions/", methods: READ, group: "render", scope: "read" },
  { path: "/statistics/", methods: READ, group: "render", scope: "read" },
  { path: "/probe/", methods: READ, group: "render", scope: "read" },
  { path: "/channels/", methods: READ, group: "files", scope: "read" },
  { path: "/files/", methods: READ, group: "files", scope: "original" },
];

/** The routes of a process: one that has every role gives originals away only where the operator says so. */
export function servedRoutes(role: Role, originals: boolean): readonly Route[] {
  if (role === "all") return ROUTES.filter(({ path }) => originals || path !== "/files/");
  return ROUTES.filter(({ group }) => group === null || group === role);
}

/** The row of a pattern of fastify's, as `/tiles/*`. */
export function routeOfPattern(pattern: string | undefined): Route | null {
  const path = (pattern ?? "").replace(/\*$/, "");
  return ROUTES.find((route) => route.path === path) ?? null;
}
