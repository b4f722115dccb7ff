import type { Metadata } from "sharp";
import { ConvertedColorSource } from "../color/converted.ts";
import { type FoundColors, findColors, MAX_PROFILE_BYTES } from "../color/find.ts";
import type { Identity } from "../identity.ts";
import { plainChannel, plainImage } from "../plain-info.ts";
import { loadSharp } from "../sharp.ts";
import { USEFUL } from "../sidecars/look.ts";
import { NO_SIDECARS, type ReadSidecars } from "../sidecars/read.ts";
import type { ImageInfo, ImageSource, Store } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import { type Colours, coloursOf } from "./colours.ts";
import { type PlainKind, plainKind } from "./kind.ts";
import { withSidecars } from "./sidecars.ts";
import { CHUNK_SIDE, PlainSource } from "./source.ts";
import { toldColorWarnings } from "./told-colors.ts";

export { plainKind } from "./kind.ts";

/** A plain image is decoded as a whole: this many pixels take 256 MiB as RGBA. */
const MAX_PIXELS = 64 * 2 ** 20;
/** A file of so many pixels is hardly longer. */
const MAX_FILE_BYTES = 256 * 2 ** 20;
/** Pixels from which on decoding all of it is felt. */
const LARGE_PIXELS = 4 * 2 ** 20;

/**
 * A plain image: JPEG, PNG, WebP, AVIF, the first frame of a GIF. Values are the file's own numbers, turned as EXIF says; sRGB that its
 * profile makes of them lies behind. The source owns the store then. SOURCE_UNREADABLE for what is too large, damaged, or of a kind that is refused.
 */
export async function openPlain(store: Store, beside: ReadSidecars | null = null): Promise<ImageSource> {
  if (store.size > MAX_FILE_BYTES)
    throw unreadable(
      `it has ${store.size} bytes, where a plain image has ${MAX_FILE_BYTES} at most; convert it with bandloom ingest`,
    );
  const bytes = Buffer.from(await store.read(0, store.size));
  const kind = plainKind(bytes.subarray(0, 64));
  if (kind === null || kind === "SVG" || kind === "HEIF" || (kind === "JPEG 2000" && !(await readsJpeg2000())))
    throw unreadable(refusal(kind));
  const metadata = await metadataOf(bytes, kind);
  const colours = coloursOf(metadata.channels ?? 0, metadata.depth, metadata.space);
  if (!colours)
    throw unreadable(`its ${metadata.channels} channels are none of grey, RGB and CMYK with alpha or without`);
  const { colors: converted, warnings } = foundColors(metadata, colours);
  const isTurned = (metadata.orientation ?? 1) >= 5;
  const [width, height] = isTurned ? [metadata.height, metadata.width] : [metadata.width, metadata.height];
  const plain = plainImage({
    ...{ format: kind, width, height },
    channels: colours.names.map((name, index) => plainChannel({ index, name, dataType: colours.dataType })),
    levels: [{ width, height, chunkWidth: CHUNK_SIDE, chunkHeight: CHUNK_SIDE, codec: kind }],
    warnings: [...warnings, ...toldColorWarnings(bytes, kind), ...framesWarning(metadata)],
    advice: width * height > LARGE_PIXELS ? ["It is decoded as a whole, which is slow and takes memory."] : [],
  });
  const sidecars = beside ? await beside(USEFUL) : NO_SIDECARS;
  const isAsStored = (metadata.orientation ?? 1) === 1;
  const open = (info: ImageInfo, identity: Identity, close: () => Promise<void>) =>
    new PlainSource(info, identity, { close }, bytes, colours);
  try {
    const source = await withSidecars(plain, sidecars, { store, isAsStored, open });
    return converted ? new ConvertedColorSource(source, converted) : source;
  } catch (error) {
    await sidecars.close();
    throw error;
  }
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

/** The alpha, if any, comes last. */
function foundColors({ icc }: Metadata, { names, space: kept, dataType }: Colours): FoundColors {
  const space = kept === "cmyk" ? "cmyk" : kept === "b-w" || kept === "grey16" ? "gray" : "rgb";
  const profile = icc === undefined ? null : icc.length > MAX_PROFILE_BYTES ? "too large" : new Uint8Array(icc);
  const channels = [...names.keys()].filter((at) => names[at] !== "alpha");
  return findColors({ channels, space, dataType, profile });
}

function framesWarning({ pages }: Metadata): readonly ImageWarning[] {
  if (pages === undefined || pages <= 1) return [];
  return [imageWarning("FRAMES_NOT_SHOWN", `It has ${pages} frames, of which the first is shown. Convert the others.`)];
}
