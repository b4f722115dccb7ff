import type { ChunkBytes } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { codecBlock } from "./block.ts";
import { codecs, initZstd } from "./codec/index.ts";
import { andThen, both, type Maybe } from "./maybe.ts";
import type { Page } from "./page.ts";

export interface ChunkAddress {
  /** Which of the samples that are stored one after the other; 0 where they are interleaved. */
  readonly plane: number;
  readonly x: number;
  readonly y: number;
}

/** What a codec may add to incompressible samples, generously; strips that are joined are many. */
const EXPANSION = 2;
const OVERHEAD_BYTES = 65_536;
const STRIP_OVERHEAD_BYTES = 1024;

/** Lengths of the strips of a joined chunk stand before their bytes. */
const LENGTH_BYTES = 4;

/** The stored bytes of a chunk; null where the file leaves it out. Offsets and lengths are bounded before anything is read. */
export function fetchBlocks(page: Page, address: ChunkAddress, signal: AbortSignal | undefined): Maybe<ChunkBytes> {
  const { blocks, chunks } = page;
  const first = address.plane * blocks.columns * blocks.rows;
  if (chunks.kind === "rows") return fetchRows(page, address, signal);
  if (blocks.tiled) {
    const bytes = fetchBlock(page, first + address.y * blocks.columns + address.x, signal);
    return andThen(bytes, (found) => prepare(page, found, blocks.height));
  }
  return fetchStrips(page, first, address.y, signal);
}

/** One tile or strip, empty or null where the file leaves it out. */
function fetchBlock(page: Page, index: number, signal: AbortSignal | undefined): Maybe<ChunkBytes> {
  const { chunks, size } = page.file;
  return both(page.offsets.at(index), page.byteCounts?.at(index) ?? blockBytes(page), (offset, length) => {
    // GDAL leaves out tiles that hold nothing: offset and length are 0.
    if (offset === 0 || length === 0) return null;
    const due = blockBytes(page);
    const overhead = page.chunks.strips > 1 ? STRIP_OVERHEAD_BYTES : OVERHEAD_BYTES;
    if (length > due * EXPANSION + overhead)
      throw unreadable(`one of its tiles or strips claims ${length} bytes, where ${due} hold it uncompressed`);
    if (offset + length > size) throw unreadable("one of its tiles or strips lies past its end");
    return chunks.read(offset, length, signal);
  });
}

function blockBytes({ blocks }: Page): number {
  return blocks.rowBytes * blocks.height;
}

/** Rows of a single uncompressed strip. */
function fetchRows(page: Page, { plane, y }: ChunkAddress, signal: AbortSignal | undefined): Maybe<ChunkBytes> {
  const { rowBytes } = page.blocks;
  const first = y * page.chunks.height;
  const rows = Math.min(page.chunks.height, page.height - first);
  const { chunks, size } = page.file;
  return both(page.offsets.at(plane), page.byteCounts?.at(plane) ?? blockBytes(page), (offset, length) => {
    if (offset === 0 || length === 0) return null;
    const end = (first + rows) * rowBytes;
    if (end > length || offset + end > size) throw unreadable("its only strip is shorter than the image");
    return chunks.read(offset + first * rowBytes, rows * rowBytes, signal);
  });
}

/** All strips of a chunk as one array: their lengths (u32, little-endian), then their bytes. */
function fetchStrips(page: Page, first: number, chunkRow: number, signal: AbortSignal | undefined): Maybe<ChunkBytes> {
  const { blocks, chunks } = page;
  const from = chunkRow * chunks.strips;
  const count = Math.min(chunks.strips, blocks.rows - from);
  const strips = Array.from({ length: count }, (_, index) => {
    const rows = Math.min(blocks.height, page.height - (from + index) * blocks.height);
    return andThen(fetchBlock(page, first + from + index, signal), (found) =>
      // The next strip is read into the same memory.
      prepare(page, found && count > 1 ? found.slice() : found, rows),
    );
  });
  return strips.some((one) => one instanceof Promise)
    ? Promise.all(strips).then(packStrips)
    : packStrips(strips as readonly ChunkBytes[]);
}

function packStrips(strips: readonly ChunkBytes[]): ChunkBytes {
  if (strips.every((one) => one === null)) return null;
  const lengths = strips.map((one) => one?.length ?? 0);
  const packed = new Uint8Array(lengths.reduce((sum, length) => sum + length, strips.length * LENGTH_BYTES));
  const view = new DataView(packed.buffer);
  let at = strips.length * LENGTH_BYTES;
  strips.forEach((strip, index) => {
    view.setUint32(index * LENGTH_BYTES, lengths[index] ?? 0, true);
    if (strip) packed.set(strip, at);
    at += lengths[index] ?? 0;
  });
  return packed;
}

/** The strips of a chunk again; an empty one is left out in the file. */
export function unpackStrips(packed: Uint8Array, count: number): readonly Uint8Array[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  let at = count * LENGTH_BYTES;
  return Array.from({ length: count }, (_, index) => {
    const length = view.getUint32(index * LENGTH_BYTES, true);
    at += length;
    return packed.subarray(at - length, at);
  });
}

/** Waits for what the codec has only asynchronously; other chunks may be read meanwhile. */
function prepare(page: Page, bytes: ChunkBytes, storedRows: number): Maybe<ChunkBytes> {
  if (bytes === null) return null;
  if (page.codec === "zstd") {
    const initialised = initZstd();
    if (!initialised) return bytes;
    const own = bytes.slice();
    return initialised.then(() => own);
  }
  return codecs[page.codec].prepare?.(bytes, codecBlock(page, storedRows)) ?? bytes;
}
