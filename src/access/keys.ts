import { hash as digest, randomBytes } from "node:crypto";

const KEY = /^bl_[\w-]{43}$/;
/** 256 bits: nobody guesses one, so that a fast hash keeps them. */
const KEY_BYTES = 32;
const GRANT_DIGITS = 16;

export function newKey(): string {
  return `bl_${randomBytes(KEY_BYTES).toString("base64url")}`;
}

export function isKeyText(text: string): boolean {
  return KEY.test(text);
}

/** As it stands in the file: `sha256:` and 64 hex digits. */
export function keyHash(key: string): string {
  return `sha256:${digest("sha256", key, "hex")}`;
}

/** Stands in the links of a key: another one for a key that is made anew under the same name. */
export function grantOf(name: string, hash: string): string {
  return digest("sha256", `grant\0${name}\0${hash}`, "hex").slice(0, GRANT_DIGITS);
}
