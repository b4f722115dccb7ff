import { type DataType, planeBytes, planeTypeOf } from "../../core/dtype.ts";
import { unreadable } from "../unreadable.ts";
import { assertBlockBytes, type ChunkShape, chunkShape } from "./chunk-shape.ts";
import { type CodecName, codecOf, hasPredictor } from "./compression.ts";
import type { Directory } from "./directory.ts";
import type { TiffFile } from "./file.ts";
import { IndexArray, type IndexPages } from "./index-array.ts";
import { readSampleType } from "./sample-type.ts";
import { PHOTOMETRIC, TAG } from "./tags.ts";

/** Beyond it a coordinate is no exact float32 and an index overflows 32 bits. */
const MAX_SIDE = 2 ** 24;
/** Channels of one directory. */
const MAX_SAMPLES = 4096;
const MAX_JPEG_TABLES = 65_536;

/** One directory as pixels: a plane, or several that are interleaved or stored one after the other. */
export interface Page {
  readonly width: number;
  readonly height: number;
  readonly dataType: DataType;
  readonly bits: number;
  readonly samples: number;
  /** Each sample has tiles or strips of its own (PlanarConfiguration 2). */
  readonly separate: boolean;
  readonly codec: CodecName;
  /** 1 none, 2 horizontal differencing, 3 floating point. */
  readonly predictor: number;
  readonly littleEndian: boolean;
  readonly photometric: number;
  readonly jpegTables: Uint8Array | null;
  /** Tiles or strips, the unit of compression. */
  readonly blocks: BlockGrid;
  readonly chunks: ChunkShape;
  readonly offsets: IndexArray;
  /** Null: one uncompressed strip whose length follows from its size. */
  readonly byteCounts: IndexArray | null;
}

export interface BlockGrid {
  readonly tiled: boolean;
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
  /** Samples interleaved within a block. */
  readonly samples: number;
  /** Bytes of a row of a decoded block, as the codec gives them. */
  readonly rowBytes: number;
}

/** Check a directory and lay out its blocks. SOURCE_UNREADABLE names what is wrong or not supported. */
export async function readPage(file: TiffFile, directory: Directory, pages: IndexPages): Promise<Page> {
  const [width, height] = [await side(directory, TAG.imageWidth), await side(directory, TAG.imageLength)];
  const samples = await directory.number(TAG.samplesPerPixel, 1);
  if (!(samples >= 1 && samples <= MAX_SAMPLES))
    throw unreadable(`it has ${samples} channels in one directory, where 1 to ${MAX_SAMPLES} are allowed`);
  const { dataType, bits } = await readSampleType(directory, TAG, samples);
  const planar = await directory.number(TAG.planarConfiguration, 1);
  if (planar !== 1 && planar !== 2) throw unreadable(`its planar configuration ${planar} is none of 1 and 2`);
  const separate = samples > 1 && planar === 2;
  const interleaved = separate ? 1 : samples;
  if (bits === 1 && interleaved > 1) throw unreadable("1-bit samples of several channels are interleaved");
  if ((await directory.number(TAG.fillOrder, 1)) !== 1) throw unreadable("its FillOrder 2 is not supported");
  const codec = codecOf(await directory.number(TAG.compression, 1));
  const photometric = await directory.number(TAG.photometric, PHOTOMETRIC.blackIsZero);
  if (photometric === PHOTOMETRIC.ycbcr && codec !== "jpeg")
    throw unreadable("its YCbCr samples are not compressed as JPEG, which is not supported");
  if (codec === "jpeg") assertJpeg(dataType, interleaved);
  const predictor = hasPredictor(codec) ? await readPredictor(directory, dataType) : 1;
  const blocks = await readBlocks(directory, { width, height, bits, samples: interleaved });
  const planes = separate ? samples : 1;
  const chunks = chunkShape(blocks, height, codec);
  assertBlockBytes(chunks.width * chunks.height * interleaved * planeBytes(planeTypeOf(dataType)));
  const offsets = index(file, directory, pages, [TAG.tileOffsets, TAG.stripOffsets], blocks, planes);
  const byteCounts = index(file, directory, pages, [TAG.tileByteCounts, TAG.stripByteCounts], blocks, planes);
  if (!offsets) throw unreadable("it does not say where its tiles lie");
  if (!byteCounts && (codec !== "none" || blocks.tiled)) throw unreadable("it does not say how long its tiles are");
  return {
    ...{ width, height, dataType, bits, samples, separate, codec, predictor, photometric, blocks, chunks },
    offsets,
    byteCounts,
    littleEndian: file.littleEndian,
    jpegTables: codec === "jpeg" ? await directory.bytes(TAG.jpegTables, MAX_JPEG_TABLES) : null,
  };
}

async function side(directory: Directory, tag: number): Promise<number> {
  const value = await directory.number(tag, 0);
  if (value >= 1 && value <= MAX_SIDE) return value;
  throw unreadable(`its sides must be 1 to ${MAX_SIDE} pixels, and one is ${value}`);
}

function assertJpeg(dataType: DataType, interleaved: number): void {
  if (dataType !== "uint8") throw unreadable("its JPEG tiles hold other than 8-bit samples, which is not supported");
  if (interleaved !== 1 && interleaved !== 3)
    throw unreadable(`its JPEG tiles interleave ${interleaved} channels, where 1 and 3 are supported`);
}

async function readPredictor(directory: Directory, dataType: DataType): Promise<number> {
  const predictor = await directory.number(TAG.predictor, 1);
  if (predictor !== 1 && predictor !== 2 && predictor !== 3)
    throw unreadable(`its predictor ${predictor} is not supported`);
  if (predictor === 3 && !dataType.startsWith("float"))
    throw unreadable("it applies the floating point predictor to whole numbers");
  if (predictor === 2 && dataType === "bit") throw unreadable("it applies a predictor to 1-bit samples");
  return predictor;
}

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly samples: number;
}

async function readBlocks(directory: Directory, { width, height, bits, samples }: Pixels): Promise<BlockGrid> {
  const tileWidth = await directory.number(TAG.tileWidth, null);
  const tileLength = await directory.number(TAG.tileLength, null);
  const tiled = tileWidth !== null && tileLength !== null;
  const rowsPerStrip = Math.min(await directory.number(TAG.rowsPerStrip, height), height);
  const [blockWidth, blockHeight] = tiled ? [tileWidth, tileLength] : [width, rowsPerStrip];
  if (!(blockWidth >= 1 && blockHeight >= 1 && blockWidth <= MAX_SIDE && blockHeight <= MAX_SIDE))
    throw unreadable(`its tiles or strips are ${blockWidth} × ${blockHeight} pixels`);
  const rowBytes = Math.ceil((blockWidth * samples * bits) / 8);
  return {
    ...{ tiled, width: blockWidth, height: blockHeight, samples, rowBytes },
    columns: Math.ceil(width / blockWidth),
    rows: Math.ceil(height / blockHeight),
  };
}

function index(
  file: TiffFile,
  directory: Directory,
  pages: IndexPages,
  tags: readonly number[],
  { columns, rows }: BlockGrid,
  planes: number,
): IndexArray | null {
  // Some writers file tiles under the strip tags.
  const entry = tags.map((tag) => directory.entry(tag)).find((one) => one !== undefined);
  if (!entry) return null;
  const due = columns * rows * planes;
  if (entry.count < due) throw unreadable(`it lists ${entry.count} tiles or strips, where it must have ${due}`);
  return new IndexArray(file, entry, pages);
}
