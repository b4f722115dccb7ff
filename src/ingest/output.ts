import type { Location } from "../source/index.ts";
import type { UnitResult, WindowResult } from "./protocol.ts";

/** What chunks are written to. It takes shape under a hidden name. */
export interface Output {
  /** Calls must not overlap. */
  write(result: UnitResult): Promise<void>;
  /** Bytes on disk, once it is sealed. */
  readonly bytes: number;
  /** Completes it, under its hidden name; gives where it is. */
  seal(signal?: AbortSignal): Promise<Location>;
  /** Where a format tells how channels are shown: says so, after it is sealed. */
  showChannels?(windows: readonly WindowResult[]): Promise<void>;
  /** Gives it its name, replacing what had it. */
  publish(): Promise<void>;
  /** Leaves nothing behind. */
  abort(): Promise<void>;
}
