import type { Settings } from "../config/settings.ts";

/** From the supervisor to the process that serves, once. */
export interface StartMessage {
  readonly settings: Settings;
  /** Print what to open: the first time only. */
  readonly announce: boolean;
}

/** From the process that serves, once: it listens. */
export const READY = "ready";
