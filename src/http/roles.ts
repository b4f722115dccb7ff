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
}

const ROUTES: readonly Route[] = [
  { path: "/healthz", methods: READ, group: null },
  { path: "/readyz", methods: READ, group: null },
  { path: "/", methods: READ, group: "api" },
  { path: "/assets/", methods: READ, group: "api" },
  { path: "/graphql", methods: QUERY, group: "api" },
  { path: "/graphql/stream", methods: QUERY, group: "api" },
  { path: "/tilejson/", methods: READ, group: "api" },
  { path: "/tiles/", methods: READ, group: "render" },
  { path: "/regions/", methods: READ, group: "render" },
  { path: "/statistics/", methods: READ, group: "render" },
  { path: "/probe/", methods: READ, group: "render" },
  { path: "/channels/", methods: READ, group: "files" },
  { path: "/files/", methods: READ, group: "files" },
];

/** The routes of a process: one that has every role gives originals away only where the operator says so. */
export function servedRoutes(role: Role, originals: boolean): readonly Route[] {
  if (role === "all") return ROUTES.filter(({ path }) => originals || path !== "/files/");
  return ROUTES.filter(({ group }) => group === null || group === role);
}
