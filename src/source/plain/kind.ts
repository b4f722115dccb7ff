/** Kinds of plain image files, by their first bytes. */
export type PlainKind = "JPEG" | "PNG" | "WebP" | "AVIF" | "GIF" | "SVG" | "JPEG 2000" | "HEIF";

/** Null for what is none of them. */
export function plainKind(head: Uint8Array): PlainKind | null {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1");
  if (text.startsWith("\xff\xd8\xff")) return "JPEG";
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "PNG";
  if (/^RIFF[\s\S]{4}WEBP/.test(text)) return "WebP";
  if (/^GIF8[79]a/.test(text)) return "GIF";
  if (/^[\s\S]{4}jP {2}\r\n\x87\n/.test(text) || text.startsWith("\xff\x4f\xff\x51")) return "JPEG 2000";
  if (/^[\s\S]{4}ftyp/.test(text))
    return /^[\s\S]{8}(avif|avis)/.test(text) || /avif/.test(text.slice(16)) ? "AVIF" : "HEIF";
  return /^(\xef\xbb\xbf)?\s*(<\?xml|<!--|<svg|<!DOCTYPE svg)/i.test(text) ? "SVG" : null;
}
