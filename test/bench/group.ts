import type { Row } from "./row.ts";

/** Rows that share a process and fixtures. Each group runs in a process of its own: none inherits another's heap. */
export type Group = (context: GroupContext) => Promise<readonly Row[]>;

export interface GroupContext {
  /** A folder of this run; images that several groups use are made there once. */
  readonly folder: string;
}
