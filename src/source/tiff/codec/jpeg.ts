import { loadSharp } from "../../sharp.ts";
import { decodeSmallJpeg, isSmallJpeg } from "../../small-jpeg.ts";
import { unreadable } from "../../unreadable.ts";
import { PHOTOMETRIC } from "../tags.ts";
import { type Codec, type CodecBlock, put } from "./codec.ts";
import { hasFewScans, isBare, type JpegFrame, MAX_SCANS, readFrame } from "./jpeg-frame.ts";

const MARKER_BYTES = 2;
const SOI = Uint8Array.of(0xff, 0xd8);
const EOI = 0xd9;
const COMMENT = 0xfe;
/** Stands before samples that are decoded already, where a stream has its SOI. */
const DECODED = Uint8Array.of(0);

/** JPEG as TIFF Technical Note 2 has it: tables may stand apart from the tiles. Decodes to interleaved 8-bit samples. */
export const jpeg: Codec = {
  scratchBytes: () => 0,
  prepare(bytes, block) {
    const frame = frameOf(bytes, block);
    return isSmallJpeg(frame) ? null : decodeBySharp(completeStream(bytes, frame, block), block);
  },
  decode(bytes, target, block) {
    const samples = bytes[0] === DECODED[0] ? bytes.subarray(DECODED.length) : decodeHere(bytes, block);
    return put(target, samples.subarray(0, Math.min(samples.length, target.capacity)));
  },
};

function decodeHere(bytes: Uint8Array, block: CodecBlock): Uint8Array {
  const frame = frameOf(bytes, block);
  return decodeSmallJpeg(completeStream(bytes, frame, block), frame);
}

/**
 * libvips inverts CMYK, as Photoshop's files want it; TIFF Technical Note 2 knows no such thing: samples are as they are stored.
 */
async function decodeBySharp(stream: Buffer, { width, height, samples }: CodecBlock): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const image = sharp(stream, { failOn: "warning", limitInputPixels: width * height });
  const space = samples === 1 ? "b-w" : samples === 4 ? "cmyk" : "srgb";
  try {
    const { data, info } = await image
      .pipelineColourspace(space)
      .toColourspace(space)
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels === samples)
      return Buffer.concat([DECODED, samples === 4 ? data.map((value) => 255 - value) : data]);
  } catch (error) {
    throw unreadable("the JPEG stream of a tile is damaged", error);
  }
  throw unreadable("the JPEG stream of a tile has other components than the image");
}

/** The frame of a stream. Its size is compared with the tile's before anything is decoded. */
function frameOf(bytes: Uint8Array, { width, height, samples }: CodecBlock): JpegFrame {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw unreadable("the JPEG stream of a tile does not begin as one");
  const frame = readFrame(bytes);
  if (!frame) throw unreadable("the JPEG stream of a tile has no frame");
  if (frame.width !== width || frame.height !== height || frame.components !== samples) {
    throw unreadable(
      `a JPEG tile has ${frame.width} × ${frame.height} pixels of ${frame.components} components, where ${width} × ${height} of ${samples} are due`,
    );
  }
  if (!hasFewScans(bytes)) throw unreadable(`a JPEG tile has more than ${MAX_SCANS} scans`);
  return frame;
}

/**
 * One stream that any decoder takes, a copy: tables put in front, and before the frame an Adobe marker that says whether three components
 * are YCbCr, which TIFF says elsewhere.
 */
function completeStream(
  bytes: Uint8Array,
  { at }: JpegFrame,
  { samples, photometric, jpegTables }: CodecBlock,
): Buffer {
  return Buffer.concat([
    SOI,
    ...(jpegTables ? tablesOf(jpegTables) : []),
    ...tablesOf(bytes.subarray(0, at)),
    ...(samples === 3 ? [adobeMarker(photometric === PHOTOMETRIC.ycbcr)] : []),
    bytes.subarray(at),
  ]);
}

/**
 * Segments of a stream's head that hold tables. Left out is what applications say of the picture: the directory tells what its components
 * are, whatever JFIF and Adobe markers say, and no profile changes its numbers.
 */
function tablesOf(head: Uint8Array): readonly Uint8Array[] {
  const segments: Uint8Array[] = [];
  for (let at = MARKER_BYTES; at + 4 <= head.length; ) {
    const marker = head[at + 1] ?? EOI;
    if (head[at] !== 0xff || marker === EOI) break;
    if (marker === 0xff || isBare(marker)) {
      at += marker === 0xff ? 1 : MARKER_BYTES;
      continue;
    }
    const end = at + MARKER_BYTES + (head[at + 2] ?? 0) * 256 + (head[at + 3] ?? 0);
    if (!isOfApplication(marker)) segments.push(head.subarray(at, end));
    at = end;
  }
  return segments;
}

/** APP0…APP15, and comments. */
const isOfApplication = (marker: number) => (marker >= 0xe0 && marker <= 0xef) || marker === COMMENT;

/** APP14 (ITU-T T.872): its last byte tells the transform, 0 none, 1 YCbCr. */
function adobeMarker(ycbcr: boolean): Uint8Array {
  return Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, ycbcr ? 1 : 0);
}
