import { BandloomError } from "../core/errors.ts";

/**
 * Opaque global ids: base64url of `Image:{key}`, `Job:{key}`, `Channel:{index}:{key}` and `Preset:{name, percent-encoded}:{key}` (keys may hold
 * colons, so they come last). A preset of no image has an empty key.
 */
export type NodeRef =
  | { readonly type: "Image"; readonly key: string }
  | { readonly type: "Job"; readonly key: string }
  | { readonly type: "Channel"; readonly index: number; readonly key: string }
  | { readonly type: "Preset"; readonly name: string; readonly key: string };

export function encodeId(ref: NodeRef): string {
  return Buffer.from(`${ref.type}:${middle(ref)}${ref.key}`).toString("base64url");
}

function middle(ref: NodeRef): string {
  if (ref.type === "Image" || ref.type === "Job") return "";
  return ref.type === "Channel" ? `${ref.index}:` : `${encodeURIComponent(ref.name)}:`;
}

/** BAD_REQUEST for what is no id of this server; an id of something that no longer exists decodes. */
export function decodeId(id: string): NodeRef {
  const text = decodeOpaque(id);
  const [, job] = /^Job:([0-9a-f]{32})$/.exec(text ?? "") ?? [];
  if (job !== undefined) return { type: "Job", key: job };
  const [, index, encoded, key] =
    /^(?:Image(?=:[\s\S])|Channel:(\d{1,5})(?=:[\s\S])|Preset:([^:]+)):([\s\S]*)$/.exec(text ?? "") ?? [];
  const name = encoded === undefined ? null : decodeName(encoded);
  if (key === undefined || (encoded !== undefined && name === null))
    throw new BandloomError("BAD_REQUEST", "This is no id of an image, a channel, a preset or a job of this server.");
  if (name !== null) return { type: "Preset", name, key };
  return index === undefined ? { type: "Image", key } : { type: "Channel", index: Number(index), key };
}

function decodeName(encoded: string): string | null {
  try {
    const name = decodeURIComponent(encoded);
    return encodeURIComponent(name) === encoded ? name : null;
  } catch {
    return null;
  }
}

export function encodeCursor(key: string): string {
  return Buffer.from(`after:${key}`).toString("base64url");
}

export function decodeCursor(cursor: string): string {
  const text = decodeOpaque(cursor);
  if (!text?.startsWith("after:"))
    throw new BandloomError("BAD_REQUEST", "This is no cursor of this list. Use one that it returned.");
  return text.slice("after:".length);
}

/** Null unless `text` is exactly what encoding the result gives back, so that no two texts mean one thing. */
function decodeOpaque(text: string): string | null {
  const decoded = Buffer.from(text, "base64url").toString("utf8");
  return Buffer.from(decoded).toString("base64url") === text ? decoded : null;
}
