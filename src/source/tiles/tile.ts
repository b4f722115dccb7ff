import { grayAlphaOf } from "../gray-alpha.ts";
import { loadSharp } from "../sharp.ts";
import { decodeSmallJpeg, isSmallJpeg } from "../small-jpeg.ts";
import { hasFewScans, type JpegFrame, MAX_SCANS, readFrame } from "../tiff/codec/jpeg-frame.ts";
import { unreadable } from "../unreadable.ts";

/** What the samples of all tiles of an image are. */
export interface TileColours {
  readonly names: readonly string[];
  readonly dataType: "uint8" | "uint16";
  /** Of their colors; null: none. */
  readonly profile: Uint8Array | null;
}

/** Samples of a tile, interleaved. */
export interface TilePixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const RGB = ["red", "green", "blue"] as const;

/** As one tile shows them. Where tiles may be missing there is an alpha channel: what is missing is transparent. */
export async function coloursOfTile(bytes: Uint8Array | null, sparse: boolean): Promise<TileColours> {
  if (!bytes) return { names: [...RGB, "alpha"], dataType: "uint8", profile: null };
  const { channels, depth, space, icc } = await metadataOf(bytes);
  if (channels < 1 || channels > 4 || space === "cmyk") throw unreadable("its tiles are neither grey nor RGB");
  const colours = channels <= 2 ? ["gray"] : RGB;
  const hasAlpha = sparse || channels === 2 || channels === 4;
  return {
    names: [...colours, ...(hasAlpha ? ["alpha"] : [])],
    dataType: depth === "ushort" ? "uint16" : "uint8",
    profile: icc ? new Uint8Array(icc) : null,
  };
}

/** Bytes of a tile as samples, in the colours of the image whatever its own are. At most `pixels` of them. */
export async function decodeTile(
  bytes: Uint8Array,
  { names, dataType }: TileColours,
  pixels: number,
): Promise<TilePixels> {
  const frame = bytes[0] === 0xff && bytes[1] === 0xd8 ? readFrame(bytes) : null;
  if (frame && frame.width * frame.height > pixels) throw unreadable("a tile is larger than tiles of this image are");
  if (frame && !hasFewScans(bytes)) throw unreadable(`a tile has more than ${MAX_SCANS} scans`);
  if (frame && dataType === "uint8" && names.length === frame.components && names.length !== 4 && isSmallJpeg(frame))
    return decodeHere(bytes, frame);
  const isGrayAlpha = names.length === 2;
  const isGray = names[0] === "gray" && !isGrayAlpha;
  const isDeep = dataType === "uint16";
  const sharp = await loadSharp();
  const image = sharp(bytes, { limitInputPixels: pixels, failOn: "warning", ignoreIcc: true });
  const space = isGray ? (isDeep ? "grey16" : "b-w") : isDeep ? "rgb16" : "srgb";
  const opaque = names.includes("alpha") ? image.ensureAlpha() : image.removeAlpha();
  try {
    const { data, info } = await opaque
      .toColourspace(space)
      .raw({ depth: isDeep ? "ushort" : "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (isGrayAlpha && info.channels === 4)
      return { width: info.width, height: info.height, data: grayAlphaOf(data, isDeep ? 2 : 1) };
    if (info.channels === names.length) return { width: info.width, height: info.height, data };
  } catch (error) {
    throw unreadable("a tile is damaged, or larger than tiles of this image are", error);
  }
  throw unreadable("a tile has other channels than the image");
}

/** A copy: the tile outlives the decoder's view of it. */
function decodeHere(bytes: Uint8Array, frame: JpegFrame): TilePixels {
  return { width: frame.width, height: frame.height, data: decodeSmallJpeg(bytes, frame).slice() };
}

/** Pixels. */
export async function widthOfTile(bytes: Uint8Array): Promise<number> {
  return (await metadataOf(bytes)).width;
}

async function metadataOf(bytes: Uint8Array) {
  try {
    return await (await loadSharp())(bytes).metadata();
  } catch (error) {
    throw unreadable("a tile is no picture, or a damaged one", error);
  }
}
