import { setMaxListeners } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Access, Principal } from "../access/types.ts";
import { own } from "../core/owner.ts";
import { clientOf, type Trusts } from "./clients.ts";
import type { LinkTerms } from "./types/links.ts";
import type { Viewer } from "./types/services.ts";

export const NO_TERMS: LinkTerms = { grant: null, until: null };

/** What was sent, and from where: `ip` is the client's, where a trusted proxy told it. */
export interface Sent {
  readonly raw: IncomingMessage;
  readonly ip: string | undefined;
  /** In place of what stands in the request. */
  readonly headers?: IncomingHttpHeaders;
}

/** Who sent a request. Rejects as `Access.authenticate` does. */
export function authenticate(
  access: Access,
  { raw, ip, headers = raw.headers }: Sent,
  trusts: Trusts,
): Promise<Principal> {
  const trusted = trusts(raw.socket.remoteAddress ?? "", 0);
  return access.authenticate({ headers, client: clientOf(ip), trusted });
}

/** Under which name work is done for somebody: who has none is told by network address. */
export function ownerOf({ anonymous, name }: Principal, ip: string | undefined): string {
  return anonymous ? clientOf(ip) : name;
}

/** What somebody sees, and which links that one is given. */
export function viewerOf({ reader, grant }: Principal): Viewer {
  return { reader, terms: grant === null ? NO_TERMS : { grant, until: null } };
}

/**
 * Aborted when the client goes away before its answer; work under it is done for `owner`. (fastify's own request signal fires when a POST body has
 * been read; the response's end tells the truth.)
 */
export function leavingSignal(response: ServerResponse, owner: string): AbortSignal {
  const controller = new AbortController();
  own(controller.signal, owner);
  // Each tile of a request listens.
  setMaxListeners(0, controller.signal);
  response.once("close", () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
