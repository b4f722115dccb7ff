import type { Store } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { readUint64, TiffFile } from "./file.ts";

export interface Header {
  readonly file: TiffFile;
  readonly firstDirectory: number;
}

const LITTLE = 0x4949;
const BIG = 0x4d4d;
const CLASSIC_MAGIC = 42;
const BIG_TIFF_MAGIC = 43;

/** TIFF 6.0 section 2; BigTIFF. `mostChunkMiB`: decoded, of one tile or strip of the file. */
export async function readHeader(store: Store, mostChunkMiB: number): Promise<Header> {
  if (store.size < 8) throw unreadable("it is too short to be a TIFF file");
  const bytes = await store.read(0, Math.min(16, store.size));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const order = view.getUint16(0, false);
  if (order !== LITTLE && order !== BIG) throw unreadable("it is no TIFF file");
  const littleEndian = order === LITTLE;
  const magic = view.getUint16(2, littleEndian);
  if (magic === CLASSIC_MAGIC) {
    const file = new TiffFile(store, littleEndian, false, mostChunkMiB);
    return { file, firstDirectory: view.getUint32(4, littleEndian) };
  }
  if (magic !== BIG_TIFF_MAGIC) throw unreadable("it is no TIFF file");
  if (bytes.length < 16 || view.getUint16(4, littleEndian) !== 8 || view.getUint16(6, littleEndian) !== 0)
    throw unreadable("its BigTIFF header is damaged");
  const file = new TiffFile(store, littleEndian, true, mostChunkMiB);
  return { file, firstDirectory: readUint64(view, 8, littleEndian) };
}
