/** What a process of a cluster does: `all` is a server of its own, the others share its work between them. */
export const ROLES = ["all", "api", "render", "files"] as const;
export type Role = (typeof ROLES)[number];
