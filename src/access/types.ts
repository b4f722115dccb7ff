import type { IncomingHttpHeaders } from "node:http";
import type { Reader } from "../core/reader.ts";

/** What somebody may do with the images that they may read: look at them, fetch their files, change what is saved. */
export type Scope = "read" | "original" | "admin";

/** What one principal gets of the workers, in place of what the settings grant each client. */
export interface Share {
  /** Workers at a time while others wait. */
  readonly workers?: number;
  /** Worker seconds a minute. */
  readonly seconds?: number;
}

/** Who asks, and what that one may. */
export interface Principal {
  /** For the log, and under which work is queued: `key:lab-a`, `jwt:anna@https://login.example.org/`, `user:anna`; `anonymous`. */
  readonly name: string;
  /** Told apart by network address alone. */
  readonly anonymous: boolean;
  readonly reader: Reader;
  readonly scopes: ReadonlySet<Scope>;
  /** Stands in links that are given to this one, so that they can be withdrawn together; null: they end by time alone. */
  readonly grant: string | null;
  readonly share: Share | null;
}

/** What a request says of who sends it. */
export interface Asked {
  /** In lower case, as Node gives them. Of a WebSocket: with what the connection's parameters say. */
  readonly headers: IncomingHttpHeaders;
  /** The client, told as `clientOf` does: guesses are slowed by it. */
  readonly client: string;
  /** The connection comes from a proxy that is trusted, so that its word of a user may be taken. */
  readonly trusted: boolean;
}

export interface Access {
  /** Rules are given: links are signed, and images kept from who may not read them. */
  readonly configured: boolean;
  /** Grows when the rules change: what somebody could read before may be another now. */
  readonly count: number;
  /** Credentials that were not good, ever. */
  readonly failures: number;
  /** Who sends nothing. */
  readonly anonymous: Principal;
  /** UNAUTHENTICATED for a credential that is not good, QUOTA_EXCEEDED for one guess too many. */
  authenticate(asked: Asked): Promise<Principal>;
  /** By the name under which work is queued; null: as the settings say. */
  shareOf(name: string): Share | null;
  close(): void;
}
