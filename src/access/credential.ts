import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Tokens with hundreds of groups; Node takes no longer headers, but a WebSocket's parameters are none. */
const MAX_LENGTH = 16_384;

/** What a request brings to say who sends it. */
export type Credential =
  | { readonly kind: "none" }
  /** In a form that says nothing here, as Digest. */
  | { readonly kind: "unknown" }
  /** `basic`: its password; browsers send it by themselves. */
  | { readonly kind: "bearer" | "basic"; readonly secret: string };

export function credentialOf({ authorization }: IncomingHttpHeaders): Credential {
  if (authorization === undefined || authorization === "") return { kind: "none" };
  if (authorization.length > MAX_LENGTH) return { kind: "unknown" };
  const [, scheme = "", value = ""] = /^(bearer|basic) +(\S+)$/i.exec(authorization.trim()) ?? [];
  if (scheme.toLowerCase() === "bearer") return { kind: "bearer", secret: value };
  if (scheme.toLowerCase() === "basic") return { kind: "basic", secret: passwordOf(value) };
  return { kind: "unknown" };
}

/** Three parts of base64url: a token that somebody signed. */
export function isJwt(secret: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(secret);
}

/** Whether a text is one of some secrets. Takes as long for every text. */
export function secretsMatcher(secrets: readonly (string | null)[]): (given: string) => boolean {
  const digests = secrets.filter((secret) => secret !== null).map(digest);
  return (given) => {
    const found = digest(given);
    return digests.map((one) => timingSafeEqual(one, found)).includes(true);
  };
}

function digest(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

/** The user's name ends at the first colon; nobody asks for it here. */
function passwordOf(base64: string): string {
  const text = Buffer.from(base64, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? "" : text.slice(colon + 1);
}
