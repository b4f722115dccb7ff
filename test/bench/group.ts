import type { Row } from "./row.ts";

/** Rows that share a process and fixtures. Each group runs in a process of its own: none inherits another's heap. */
export type Group = (context: GroupContext) => Promise<readonly Row[]>;

export interface GroupContext {
  /** A folder of this run; images that several groups use are made there once. */
  readonly folder: string;
  readonly options: BenchOptions;
}

/** What the command line says; a group that knows nothing of an option goes without it. */
export interface BenchOptions {
  /** Parts of the group `hold`; all when empty. */
  readonly only: readonly string[];
  /** How long each of its measurements takes; null: as long as its targets are meant for. */
  readonly seconds: number | null;
  /** Of the group `soak`. */
  readonly minutes: number;
  /** Folder of another checkout, built, whose costs are compared with ours. */
  readonly against: string | null;
}
