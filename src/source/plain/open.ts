import type { Metadata } from "sharp";
import { withNamedAlpha } from "../alpha.ts";
import { INKS_WARNING, isSrgb, PROFILE_WARNING } from "../color-profile.ts";
import { plainChannel, plainImage } from "../plain-info.ts";
import { loadSharp } from "../sharp.ts";
import { type Beside, sidecarWarnings } from "../sidecars.ts";
import type { ImageSource, Store } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import { type Colours, coloursOf } from "./colours.ts";
import { type PlainKind, plainKind } from "./kind.ts";
import { CHUNK_SIDE, PlainSource } from "./source.ts";

export { plainKind } from "./kind.ts";

/** A plain image is decoded as a whole: this many pixels take 256 MiB as RGBA. */
const MAX_PIXELS = 64 * 2 ** 20;
/** A file of so many pixels is hardly longer. */
const MAX_FILE_BYTES = 256 * 2 ** 20;
/** Pixels from which on decoding all of it is felt. */
const LARGE_PIXELS = 4 * 2 ** 20;

/**
 * A plain image: JPEG, PNG, WebP, AVIF, the first frame of a GIF. Values are the file's own numbers, turned as EXIF says; profiles are not
 * applied. The source owns the store then. SOURCE_UNREADABLE for what is too large, damaged, or of a kind that is refused.
 */
export async function openPlain(store: Store, beside: Beside | null = null): Promise<ImageSource> {
  if (store.size > MAX_FILE_BYTES)
    throw unreadable(
      `it has ${store.size} bytes, where a plain image has ${MAX_FILE_BYTES} at most; convert it with bandloom ingest`,
    );
  const { identity } = store;
  const bytes = Buffer.from(await store.read(0, store.size));
  const kind = plainKind(bytes.subarray(0, 64));
  if (kind === null || kind === "SVG" || kind === "HEIF" || (kind === "JPEG 2000" && !(await readsJpeg2000())))
    throw unreadable(refusal(kind));
  const metadata = await metadataOf(bytes, kind);
  const colours = coloursOf(metadata.channels ?? 0, metadata.depth, metadata.space);
  if (!colours)
    throw unreadable(`its ${metadata.channels} channels are none of grey, RGB and CMYK with alpha or without`);
  const isTurned = (metadata.orientation ?? 1) >= 5;
  const [width, height] = isTurned ? [metadata.height, metadata.width] : [metadata.width, metadata.height];
  const info = plainImage({
    ...{ format: kind, width, height },
    channels: colours.names.map((name, index) => plainChannel({ index, name, dataType: colours.dataType })),
    levels: [{ width, height, chunkWidth: CHUNK_SIDE, chunkHeight: CHUNK_SIDE, codec: kind }],
    warnings: [...warningsOf(metadata, colours), ...sidecarWarnings(beside, false)],
    advice: width * height > LARGE_PIXELS ? ["It is decoded as a whole, which is slow and takes memory."] : [],
  });
  return withNamedAlpha(new PlainSource(info, identity, store, bytes, colours));
}

async function readsJpeg2000(): Promise<boolean> {
  return (await loadSharp()).format.jp2?.input?.buffer === true;
}

async function metadataOf(bytes: Buffer, kind: PlainKind): Promise<Metadata> {
  const sharp = await loadSharp();
  try {
    const metadata = await sharp(bytes, { limitInputPixels: MAX_PIXELS }).metadata();
    if (metadata.width * metadata.height <= MAX_PIXELS) return metadata;
  } catch (error) {
    if (!/pixel limit/i.test(String(error))) throw unreadable(`it is no ${kind} file, or a damaged one`, error);
  }
  throw unreadable(`it has more than ${MAX_PIXELS} pixels, the most of a plain image; convert it to a pyramid`);
}

function refusal(kind: PlainKind | null): string {
  if (kind === "SVG")
    return "it is SVG, which is refused: it may name other files and has no pixels of its own; convert it to PNG";
  if (kind === "JPEG 2000")
    return "it is JPEG 2000, which this server's image library does not read; convert it to TIFF";
  if (kind === "HEIF") return "it is HEIF, which is not read; convert it to PNG or TIFF";
  return "it is no plain image";
}

function warningsOf({ icc, pages, space }: Metadata, { space: kept }: Colours): readonly ImageWarning[] {
  const isForeign = icc !== undefined && !isSrgb(icc) && kept !== "b-w" && space !== "cmyk";
  return [
    ...(isForeign ? [PROFILE_WARNING] : []),
    ...(space === "cmyk" ? [INKS_WARNING] : []),
    ...(pages !== undefined && pages > 1
      ? [imageWarning("FRAMES_NOT_SHOWN", `It has ${pages} frames, of which the first is shown. Convert the others.`)]
      : []),
  ];
}
