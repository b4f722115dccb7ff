import { planeBytes, planeTypeOf } from "../../core/dtype.ts";
import { SLACK_BYTES } from "../../kernel/index.ts";
import type { PixelOps } from "../../kernel/pixel-ops.types.ts";
import { unreadable } from "../unreadable.ts";
import { type CodecBlock, codecs } from "./codec/index.ts";
import { ordersItsBytes } from "./compression.ts";
import type { Page } from "./page.ts";

/** Part of the decoded chunk that one block fills: whole rows from `top`, or a tile that is cut at the image's edge. */
export interface BlockPlace {
  /** Rows of the block that the file stores: fewer than nominal in the last strip, never in a tile. */
  readonly storedRows: number;
  /** Rows and columns of it that belong to the chunk. */
  readonly rows: number;
  readonly columns: number;
  /** First row of the chunk that it fills. */
  readonly top: number;
  readonly chunkWidth: number;
  readonly chunkHeight: number;
}

/** Addresses: the chunk's planes, and scratch memory of `blockScratchBytes`. */
export interface BlockMemory {
  readonly pixels: PixelOps;
  readonly chunk: number;
  readonly scratch: number;
}

const ALIGNMENT = 16;

const room = (bytes: number) => Math.ceil((bytes + SLACK_BYTES) / ALIGNMENT) * ALIGNMENT;

/** Scratch that `decodeBlock` needs at most: two decoded blocks in their widest form, and the codec's own. */
export function blockScratchBytes(page: Page, compressedLength: number): number {
  return 2 * room(widestBytes(page)) + codecs[page.codec].scratchBytes(compressedLength);
}

function widestBytes({ blocks, dataType }: Page): number {
  const decoded = blocks.width * blocks.height * blocks.samples * planeBytes(planeTypeOf(dataType));
  return Math.max(blocks.rowBytes * blocks.height, decoded);
}

export function codecBlock(page: Page, storedRows: number): CodecBlock {
  const { file, blocks, photometric, jpegTables, dataType, nodata, lercCompression, alphaInMask } = page;
  const { littleEndian } = file;
  const size = { width: blocks.width, height: storedRows, samples: blocks.samples };
  return { ...size, photometric, jpegTables, dataType, littleEndian, nodata, lercCompression, alphaInMask };
}

/**
 * Decompress one tile or strip, undo its predictor and byte order, and lay its samples out by plane in the chunk. What needs
 * none of this but the codec is decompressed in place.
 */
export function decodeBlock(bytes: Uint8Array, page: Page, place: BlockPlace, memory: BlockMemory): void {
  const { pixels, chunk, scratch } = memory;
  const { blocks, bits, predictor, file, codec, dataType } = page;
  const { width, samples } = blocks;
  const { storedRows, rows, columns, top, chunkWidth, chunkHeight } = place;
  const whole = columns === width && rows === storedRows;
  const stored = bits / 8;
  const count = width * storedRows * samples;
  const inPlace = whole && samples === 1 && predictor !== 3 && dataType !== "bit" && dataType !== "float16";

  const bytesPerSample = planeBytes(planeTypeOf(dataType));
  const destination = chunk + top * chunkWidth * bytesPerSample;
  let at = inPlace ? destination : scratch;
  let spare = scratch + room(widestBytes(page));
  const swapScratch = () => {
    [at, spare] = [spare, at];
  };

  const due = blocks.rowBytes * storedRows;
  const target = { pixels, ptr: at, capacity: due, scratch: scratch + 2 * room(widestBytes(page)) };
  const written = codecs[codec].decode(bytes, target, codecBlock(page, storedRows));
  if (written < due) throw unreadable(`a tile or strip holds ${written} bytes, where ${due} are due`);

  if (predictor === 3) {
    pixels.unpredictFloat(at, spare, width, storedRows, samples, stored);
    swapScratch();
  } else {
    if (!file.littleEndian && stored > 1 && !ordersItsBytes(codec)) pixels.swap(at, count, stored);
    if (predictor === 2) pixels.unpredict(at, width, storedRows, samples, stored);
  }
  if (inPlace) return;
  if (dataType === "bit") {
    pixels.unpackBits(at, spare, width, storedRows);
    swapScratch();
  } else if (dataType === "float16") {
    pixels.halfToFloat(at, spare, count);
    swapScratch();
  }
  const chunkPlane = chunkWidth * chunkHeight * bytesPerSample;
  if (samples > 1 && whole) {
    pixels.deinterleave(at, destination, width * storedRows, samples, bytesPerSample, chunkPlane);
    return;
  }
  const blockPlane = width * storedRows * bytesPerSample;
  if (samples > 1) {
    pixels.deinterleave(at, spare, width * storedRows, samples, bytesPerSample, blockPlane);
    swapScratch();
  }
  for (let sample = 0; sample < samples; sample++) {
    pixels.copyRect(
      at + sample * blockPlane,
      width * bytesPerSample,
      destination + sample * chunkPlane,
      chunkWidth * bytesPerSample,
      columns * bytesPerSample,
      rows,
    );
  }
}
