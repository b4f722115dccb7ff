import { turbo } from "../../jpeg-turbo.ts";
import { loadSharp } from "../../sharp.ts";
import { unreadable } from "../../unreadable.ts";
import { PHOTOMETRIC } from "../tags.ts";
import { type Codec, type CodecBlock, put } from "./codec.ts";
import { readFrame } from "./jpeg-frame.ts";

const MARKER_BYTES = 2;
const SOI = Uint8Array.of(0xff, 0xd8);
const EOI = 0xd9;
const APP14 = 0xee;
/** Scans of a progressive stream: encoders write some ten, and each costs a pass over all pixels that nothing can interrupt. */
const MAX_SCANS = 64;
const SOS = Uint8Array.of(0xff, 0xda);

/** JPEG as TIFF Technical Note 2 has it: tables may stand apart from the tiles. Decodes to interleaved 8-bit samples. */
export const jpeg: Codec = {
  scratchBytes: () => 0,
  prepare: (bytes, block) => (byTurbo(block) ? null : decodeBySharp(bytes, block)),
  decode(bytes, target, block) {
    if (!turbo || !byTurbo(block)) return put(target, bytes.subarray(0, Math.min(bytes.length, target.capacity)));
    const { data } = decodeByTurbo(turbo, completeStream(bytes, block), block);
    return put(target, data.subarray(0, Math.min(data.length, target.capacity)));
  },
};

/** The binding of libjpeg-turbo has no four components. */
function byTurbo({ samples }: CodecBlock): boolean {
  return turbo !== null && samples !== 4;
}

type Turbo = NonNullable<typeof turbo>;

function decodeByTurbo(library: Turbo, stream: Buffer, { samples }: CodecBlock) {
  const format = samples === 1 ? library.FORMAT_GRAY : library.FORMAT_RGB;
  try {
    return library.decompressSync(stream, { format });
  } catch (error) {
    throw unreadable("the JPEG stream of a tile is damaged", error);
  }
}

/**
 * libvips inverts CMYK, as Photoshop's files want it; TIFF Technical Note 2 knows no such thing: samples are as they are stored. The
 * bytes are a copy: nobody else writes to them meanwhile.
 */
async function decodeBySharp(bytes: Uint8Array, block: CodecBlock): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const image = sharp(completeStream(bytes, block), {
    failOn: "warning",
    limitInputPixels: block.width * block.height,
  });
  const space = block.samples === 1 ? "b-w" : block.samples === 4 ? "cmyk" : "srgb";
  try {
    const { data, info } = await image
      .pipelineColourspace(space)
      .toColourspace(space)
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels === block.samples) return block.samples === 4 ? data.map((value) => 255 - value) : data;
  } catch (error) {
    throw unreadable("the JPEG stream of a tile is damaged", error);
  }
  throw unreadable("the JPEG stream of a tile has other components than the image");
}

/**
 * One stream that any decoder takes: tables put in front, and before the frame an Adobe marker that says whether three components are
 * YCbCr, which TIFF says elsewhere, in place of any that the stream has. Its size is checked before anything is decoded.
 */
function completeStream(bytes: Uint8Array, { width, height, samples, photometric, jpegTables }: CodecBlock): Buffer {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw unreadable("the JPEG stream of a tile does not begin as one");
  const frame = readFrame(bytes);
  if (!frame) throw unreadable("the JPEG stream of a tile has no frame");
  if (frame.width !== width || frame.height !== height || frame.components !== samples) {
    throw unreadable(
      `a JPEG tile has ${frame.width} × ${frame.height} pixels of ${frame.components} components, where ${width} × ${height} of ${samples} are due`,
    );
  }
  if (countScans(bytes) > MAX_SCANS) throw unreadable(`a JPEG tile has more than ${MAX_SCANS} scans`);
  return Buffer.concat([
    SOI,
    ...(jpegTables ? [tablesOnly(jpegTables)] : []),
    ...withoutAdobe(bytes.subarray(MARKER_BYTES, frame.at)),
    ...(samples === 3 ? [adobeMarker(photometric === PHOTOMETRIC.ycbcr)] : []),
    bytes.subarray(frame.at),
  ]);
}

/** Segments before the frame but APP14, whose transform the directory tells better. */
function withoutAdobe(head: Uint8Array): readonly Uint8Array[] {
  const segments: Uint8Array[] = [];
  for (let at = 0; at + 4 <= head.length; ) {
    const end = at + MARKER_BYTES + (head[at + 2] ?? 0) * 256 + (head[at + 3] ?? 0);
    if (head[at + 1] !== APP14) segments.push(head.subarray(at, end));
    at = end;
  }
  return segments;
}

/** In coded data a 0 follows each 0xff, so the marker's bytes stand nowhere else. */
function countScans(bytes: Uint8Array): number {
  const stream = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let count = 0;
  for (let at = stream.indexOf(SOS); at >= 0 && count <= MAX_SCANS; at = stream.indexOf(SOS, at + SOS.length)) count++;
  return count;
}

function tablesOnly(tables: Uint8Array): Uint8Array {
  const end = tables.at(-2) === 0xff && tables.at(-1) === EOI ? tables.length - MARKER_BYTES : tables.length;
  return tables.subarray(MARKER_BYTES, end);
}

/** APP14 (ITU-T T.872): its last byte tells the transform, 0 none, 1 YCbCr. */
function adobeMarker(ycbcr: boolean): Uint8Array {
  return Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, ycbcr ? 1 : 0);
}
