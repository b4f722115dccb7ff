import type { IncomingMessage } from "node:http";

/**
 * Whether two servers might read this request differently, which is how requests are smuggled past the one in front: it names two hosts
 * (node keeps the first), or its body is coded otherwise than in chunks (RFC 9112, 3.2 and 6.1). What else is ambiguous node's parser refuses itself.
 */
export function isAmbiguous({ headers, rawHeaders }: IncomingMessage): boolean {
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "chunked") return true;
  let hosts = 0;
  // Names and values in turn.
  for (let n = 0; n < rawHeaders.length; n += 2) {
    const name = rawHeaders[n];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  return hosts > 1;
}
