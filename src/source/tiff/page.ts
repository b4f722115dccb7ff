import { type DataType, planeBytes, planeTypeOf } from "../../core/dtype.ts";
import { assertChunkBytes } from "../chunk-limit.ts";
import { unreadable } from "../unreadable.ts";
import { type ChunkShape, chunkShape } from "./chunk-shape.ts";
import { type CodecName, codecOf, hasPredictor } from "./compression.ts";
import type { Directory } from "./directory.ts";
import { UNASSOCIATED } from "./extra-samples.ts";
import type { TiffFile } from "./file.ts";
import { type BlockIndex, IndexArray } from "./index-array.ts";
import { andThen } from "./maybe.ts";
import { nodataOf } from "./metadata/nodata.ts";
import { readSampleType } from "./sample-type.ts";
import { PHOTOMETRIC, TAG } from "./tags.ts";

/** Beyond it a coordinate is no exact float32 and an index overflows 32 bits. */
const MAX_SIDE = 2 ** 24;
/** Channels of one directory. */
const MAX_SAMPLES = 4096;
const MAX_JPEG_TABLES = 65_536;
const MAX_NODATA_BYTES = 256;
const MAX_LERC_PARAMETERS = 16;
const MAX_EXTRA_SAMPLES = 64;

/** One directory as pixels: a plane, or several that are interleaved or stored one after the other. */
export interface Page {
  readonly file: TiffFile;
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
  readonly photometric: number;
  readonly jpegTables: Uint8Array | null;
  /** Of LERC; see CodecBlock. */
  readonly lercCompression: number;
  readonly alphaInMask: boolean;
  readonly nodata: number;
  /** Tiles or strips, the unit of compression. */
  readonly blocks: BlockGrid;
  readonly chunks: ChunkShape;
  readonly offsets: BlockIndex;
  /** Null: one uncompressed strip whose length follows from its size. */
  readonly byteCounts: BlockIndex | null;
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
export async function readPage(directory: Directory): Promise<Page> {
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
  assertCodec(codec, { dataType, samples: interleaved, photometric, separate });
  const predictor = hasPredictor(codec) ? await readPredictor(directory, dataType) : 1;
  const blocks = await readBlocks(directory, { width, height, bits, samples: interleaved });
  const planes = separate ? samples : 1;
  const { mostChunkMiB } = directory.file;
  const chunks = chunkShape(blocks, height, codec, mostChunkMiB);
  const decoded = chunks.width * chunks.height * interleaved * planeBytes(planeTypeOf(dataType));
  assertChunkBytes(decoded, blocks.tiled ? "tile" : "strip", mostChunkMiB);
  const offsets = index(directory, [TAG.tileOffsets, TAG.stripOffsets], blocks, planes);
  const byteCounts = index(directory, [TAG.tileByteCounts, TAG.stripByteCounts], blocks, planes);
  if (!offsets) throw unreadable("it does not say where its tiles lie");
  if (!byteCounts && (codec !== "none" || blocks.tiled)) throw unreadable("it does not say how long its tiles are");
  return {
    ...{ width, height, dataType, bits, samples, separate, codec, predictor, photometric, blocks, chunks },
    ...{ file: directory.file, offsets, byteCounts },
    jpegTables: codec === "jpeg" ? await directory.bytes(TAG.jpegTables, MAX_JPEG_TABLES) : null,
    ...(codec === "lerc" ? await readLerc(directory, dataType) : NO_LERC),
  };
}

async function side(directory: Directory, tag: number): Promise<number> {
  const value = await directory.number(tag, 0);
  if (value >= 1 && value <= MAX_SIDE) return value;
  throw unreadable(`its sides must be 1 to ${MAX_SIDE} pixels, and one is ${value}`);
}

type LercFacts = Pick<Page, "lercCompression" | "alphaInMask" | "nodata">;
const NO_LERC: LercFacts = { lercCompression: 0, alphaInMask: false, nodata: 0 };

/** Version and compression (libtiff's tag LercParameters). */
async function readLerc(directory: Directory, dataType: DataType): Promise<LercFacts> {
  const [, lercCompression = 0] = (await directory.numbers(TAG.lercParameters, MAX_LERC_PARAMETERS)) ?? [];
  if (lercCompression > 2)
    throw unreadable(
      `its LERC tiles are compressed by method ${lercCompression}, where none, deflate and Zstd are supported`,
    );
  const nodata = await directory.text(TAG.gdalNodata, MAX_NODATA_BYTES);
  const isShort = (directory.entry(TAG.extraSamples)?.count ?? 0) <= MAX_EXTRA_SAMPLES;
  const extra = (isShort && (await directory.numbers(TAG.extraSamples, MAX_EXTRA_SAMPLES))) || [];
  const alphaInMask = dataType === "uint8" && extra.at(-1) === UNASSOCIATED;
  return { lercCompression, alphaInMask, nodata: nodataOf(nodata, dataType).value ?? 0 };
}

interface CodecUse {
  readonly dataType: DataType;
  /** Samples that are interleaved. */
  readonly samples: number;
  readonly photometric: number;
  readonly separate: boolean;
}

function assertCodec(codec: CodecName, { dataType, samples, photometric, separate }: CodecUse): void {
  if (photometric === PHOTOMETRIC.ycbcr && (codec === "jpeg" ? separate : codec !== "webp"))
    throw unreadable("its YCbCr samples are not compressed as JPEG, which is not supported; convert it to RGB");
  if (codec === "jpeg") {
    if (dataType !== "uint8") throw unreadable("its JPEG tiles hold other than 8-bit samples, which is not supported");
    if (![1, 3, 4].includes(samples))
      throw unreadable(`its JPEG tiles interleave ${samples} channels, where 1, 3 and 4 are supported`);
  } else if (codec === "webp") {
    if (dataType !== "uint8" || (samples !== 3 && samples !== 4))
      throw unreadable("its WebP tiles are not of 3 or 4 interleaved channels of 8 bits, which WebP cannot hold");
  } else if (codec === "lerc" && (dataType === "bit" || dataType === "float16")) {
    throw unreadable(`its LERC tiles are of ${dataType} samples, which LERC cannot hold`);
  }
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
  directory: Directory,
  tags: readonly number[],
  { columns, rows }: BlockGrid,
  planes: number,
): IndexArray | null {
  // Some writers file tiles under the strip tags.
  const entry = tags.map((tag) => directory.entry(tag)).find((one) => one !== undefined);
  if (!entry) return null;
  const due = columns * rows * planes;
  if (entry.count < due) throw unreadable(`it lists ${entry.count} tiles or strips, where it must have ${due}`);
  return new IndexArray(directory.file, entry);
}

/**
 * The nth plane behind a directory's own, which has no directory: ImageJ writes stacks beyond 4 GiB, and some smaller ones, as one
 * directory and all planes in a row, and MetaMorph all. SOURCE_UNREADABLE where the directory's own plane is not uncompressed and in a row.
 */
export async function followingPage(page: Page, nth: number): Promise<Page> {
  const { blocks, codec, height, separate, file, offsets } = page;
  if (blocks.tiled || codec !== "none" || separate || !(await isInARow(page)))
    throw unreadable(
      "its planes have no directories of their own, and its only directory is not one uncompressed strip, or several in a row",
    );
  const bytes = blocks.rowBytes * height;
  if ((await offsets.at(0)) + (nth + 1) * bytes > file.size)
    throw unreadable("it ends before the planes that its description counts");
  const behind = { at: (index: number) => andThen(offsets.at(index), (offset) => offset + nth * bytes) };
  return { ...page, offsets: behind, byteCounts: blocks.rows === 1 ? null : page.byteCounts };
}

/** By its last strip. */
async function isInARow({ blocks: { rows, rowBytes, height }, offsets }: Page): Promise<boolean> {
  const before = (rows - 1) * rowBytes * height;
  return (await offsets.at(rows - 1)) - (await offsets.at(0)) === before;
}
