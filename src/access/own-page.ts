import type { IncomingHttpHeaders } from "node:http";

/** Sent by a page of this server, or by a program: browsers tell of other sites' pages. */
export function isOwnPage({ origin, host, "sec-fetch-site": site }: IncomingHttpHeaders): boolean {
  if (site === "cross-site" || site === "same-site") return false;
  if (site === "same-origin" || origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
