/** A picture that an answer holds or points to. */
export interface Picture {
  /** Response path of the picture: unique in an answer. */
  readonly path: string;
  /** A URL or a data URI. */
  readonly source: string;
  /** Opens the picture by itself; null for pictures inside the answer. */
  readonly link: string | null;
  /** Place in the tile grid, when the query selected it. */
  readonly x: number | null;
  readonly y: number | null;
}

/** Pictures of one list (or one field) of the answer belong together. */
export interface PictureGroup {
  /** Response path, for people: `image.render.tiles`. */
  readonly path: string;
  readonly pictures: readonly Picture[];
}

/** As many as a browser shows without effort. */
const MAX_PICTURES = 1024;

/** Finds the pictures of an answer: objects with `dataUri`, with `base64` and `contentType`, or with the `url` of a picture. */
export function findPictures(answer: unknown): readonly PictureGroup[] {
  const groups: PictureGroup[] = [];
  let left = MAX_PICTURES;
  const visit = (value: unknown, path: string): void => {
    if (Array.isArray(value)) {
      const pictures = value.flatMap((entry, index) => pictureOf(entry, `${path}.${index}`) ?? []).slice(0, left);
      left -= pictures.length;
      if (pictures.length > 0) groups.push({ path: path.replace(/\.nodes$/, ""), pictures });
      else for (const [index, entry] of value.entries()) visit(entry, `${path}.${index}`);
      return;
    }
    if (!isRecord(value) || left === 0) return;
    const picture = pictureOf(value, path);
    if (picture) {
      left--;
      groups.push({ path, pictures: [picture] });
      return;
    }
    for (const [name, entry] of Object.entries(value)) visit(entry, path === "" ? name : `${path}.${name}`);
  };
  visit(answer, "");
  return groups;
}

function pictureOf(value: unknown, path: string): Picture | null {
  if (!isRecord(value)) return null;
  const { url, dataUri, base64, contentType, x, y } = value;
  const link = typeof url === "string" && isPictureUrl(url) ? url : null;
  const source = isPictureData(dataUri) ? dataUri : (inlineSource(base64, contentType) ?? link);
  if (source === null) return null;
  return { path, source, link, x: typeof x === "number" ? x : null, y: typeof y === "number" ? y : null };
}

function isPictureData(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("data:image/");
}

/** base64 alone does not say what it is, but the first bytes of each format do. */
function inlineSource(base64: unknown, contentType: unknown): string | null {
  if (typeof base64 !== "string") return null;
  const type = typeof contentType === "string" ? contentType : sniff(base64);
  return type?.startsWith("image/") ? `data:${type};base64,${base64}` : null;
}

function sniff(base64: string): string | null {
  if (base64.startsWith("/9j/")) return "image/jpeg";
  if (base64.startsWith("iVBORw0KGgo")) return "image/png";
  if (base64.startsWith("UklGR")) return "image/webp";
  if (/^AAAA.{4}ZnR5cGF2aW/.test(base64)) return "image/avif";
  return null;
}

function isPictureUrl(url: string): boolean {
  return /\.(?:jpg|png|webp|avif)(?:\?|$)/.test(url) && /^(?:\/|https?:)/.test(url);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
