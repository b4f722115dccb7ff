import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import ipaddr from "ipaddr.js";
import { BandloomError } from "../core/errors.ts";

/** Who may change what is saved (with the token; without one, who is on this machine). */
export interface MutationPolicy {
  readonly token: string | null;
  /** The server listens on a loopback address alone. */
  readonly open: boolean;
}

/** Whether an address to listen on is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === "localhost") return true;
  return ipaddr.isValid(host) && ipaddr.process(host).range() === "loopback";
}

/** Throws UNAUTHENTICATED for a token that is missing or wrong, FORBIDDEN where mutations are not open to this client. */
export function assertMutationAllowed({ token, open }: MutationPolicy, headers: IncomingHttpHeaders): void {
  if (token !== null) {
    const given = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
    if (given !== undefined && isSame(given, token)) return;
    throw new BandloomError(
      "UNAUTHENTICATED",
      "Mutations need the server's token: send the header Authorization: Bearer … with what BANDLOOM_ADMIN_TOKEN is set to.",
    );
  }
  if (!open)
    throw new BandloomError(
      "FORBIDDEN",
      "Mutations are off: this server can be reached from other machines and has no BANDLOOM_ADMIN_TOKEN. Set one, and send it as Authorization: Bearer ….",
    );
  // A page of another site that somebody on this machine looks at could send the same request, by its own name or by one made to lead here.
  if (isLoopback(hostOf(headers.host)) && isOwnPage(headers)) return;
  throw new BandloomError(
    "FORBIDDEN",
    "Without BANDLOOM_ADMIN_TOKEN mutations are open to this machine alone, and not to pages of other sites.",
  );
}

/** Sent by a page of this server, or by a program. */
export function isOwnPage({ origin, host, "sec-fetch-site": site }: IncomingHttpHeaders): boolean {
  if (site === "cross-site" || site === "same-site") return false;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Name or address in a Host header, without its port. */
function hostOf(header: string | undefined): string {
  const url = `http://${header ?? ""}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, "") : "";
}

/** Takes as long for every wrong token. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
