import type { Config } from "../config/settings.ts";

/** What the supervisor tells a server when it starts it. */
export interface ToServer {
  readonly config: Config;
  /** It was running before: nothing needs to be told again. */
  readonly again: boolean;
}

export interface FromServer {
  readonly kind: "ready";
}
