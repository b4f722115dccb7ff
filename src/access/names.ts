import { createHash } from "node:crypto";

/** Names stand in logs and lists, and are compared. */
const MAX_NAME = 200;
/** Digits of the hash that stands for what cannot be shown. */
const DIGITS = 16;
const HASHED = /#[0-9a-f]{16}$/;

/**
 * `prefix` + `text` + `suffix`: the text as it is where it can be shown whole, else what can be shown of it and its hash. Different texts
 * have different names, whatever they hold.
 */
export function principalName(prefix: string, text: string, suffix = ""): string {
  const room = MAX_NAME - prefix.length - suffix.length;
  const clean = text.replace(/[^\p{L}\p{N}\p{P}\p{S}\p{M}]/gu, "_");
  if (clean === text && text.length <= room && !HASHED.test(text)) return prefix + text + suffix;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, DIGITS);
  // A pair of units is not cut in two.
  const shown = clean.slice(0, room - DIGITS - 1).replace(/[\uD800-\uDBFF]$/, "");
  return `${prefix}${shown}#${hash}${suffix}`;
}
