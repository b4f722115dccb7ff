import type { Location } from "../source/index.ts";
import type { UnitResult } from "./protocol.ts";

/** What chunks are written to. It takes shape under a hidden name. */
export interface Output {
  /** Calls must not overlap. */
  write(result: UnitResult): Promise<void>;
  /** Completes it, under its hidden name; gives where it is and its bytes. */
  seal(signal?: AbortSignal): Promise<{ readonly location: Location; readonly bytes: number }>;
  /** Gives it its name, replacing what had it. */
  publish(): Promise<void>;
  /** Leaves nothing behind. */
  abort(): Promise<void>;
}
