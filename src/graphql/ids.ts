import { BandloomError } from "../core/errors.ts";

/** Opaque global ids: base64url of `Image:{key}` and `Channel:{index}:{key}` (keys may hold colons, so they come last). */
export type NodeRef =
  | { readonly type: "Image"; readonly key: string }
  | { readonly type: "Channel"; readonly index: number; readonly key: string };

export function encodeId(ref: NodeRef): string {
  const text = ref.type === "Image" ? `Image:${ref.key}` : `Channel:${ref.index}:${ref.key}`;
  return Buffer.from(text).toString("base64url");
}

/** BAD_REQUEST for what is no id of this server; an id of something that no longer exists decodes. */
export function decodeId(id: string): NodeRef {
  const text = decodeOpaque(id);
  const match = text === null ? null : /^(?:Image|Channel:(\d{1,5})):([\s\S]+)$/.exec(text);
  if (!match?.[2]) throw new BandloomError("BAD_REQUEST", "This is no id of an image or a channel of this server.");
  return match[1] === undefined
    ? { type: "Image", key: match[2] }
    : { type: "Channel", index: Number(match[1]), key: match[2] };
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
