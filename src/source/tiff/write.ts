import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { levelSize, tileGrid } from "../../core/geometry.ts";
import { type DirectorySpec, encodeHead, encodeNumbers, type FieldValue, isInline } from "./write-directory.ts";

/** What the file will hold: a directory a channel, and in its SubIFDs the coarser levels (OME-TIFF 6). */
export interface PyramidLayout {
  readonly width: number;
  readonly height: number;
  /** A multiple of 16 (TIFF 6.0 section 15). */
  readonly tileSize: number;
  readonly bitsPerSample: 8 | 16;
  readonly channels: number;
  /** At least 1; level k measures ceil(size / 2^k). */
  readonly levels: number;
  /** ImageDescription of the first directory: OME-XML. */
  readonly description: string;
}

/** Compressed bytes that are in the file; any number of tiles may be this one. */
export interface StoredTile {
  readonly offset: number;
  readonly byteCount: number;
}

const TAG = {
  newSubfileType: 254,
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  imageDescription: 270,
  samplesPerPixel: 277,
  planarConfiguration: 284,
  software: 305,
  predictor: 317,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  sampleFormat: 339,
} as const;

const DEFLATE = 8;
const HORIZONTAL_DIFFERENCES = 2;
const REDUCED_RESOLUTION = 1;
/** Numbers that 32 bits cannot hold make an index twice as long. */
const LONG_LIMIT = 2 ** 32;

interface LevelIndex {
  readonly columns: number;
  /** 0: not placed yet (no tile can lie at the header). */
  readonly offsets: Float64Array;
  readonly byteCounts: Uint32Array;
}

/**
 * Writes a tiled BigTIFF with one directory a channel and SubIFD pyramids, tile by tile. The file takes shape under a hidden name
 * beside its own and gets its name when it is whole: nobody ever sees half of it. Directories lie at the start (one read opens
 * the file), tile indices at the end.
 */
export class PyramidTiffWriter {
  readonly #path: string;
  readonly #partial: string;
  readonly #file: FileHandle;
  readonly #layout: PyramidLayout;
  readonly #index: readonly (readonly LevelIndex[])[];
  #end: number;

  private constructor(path: string, partial: string, file: FileHandle, layout: PyramidLayout) {
    this.#path = path;
    this.#partial = partial;
    this.#file = file;
    this.#layout = layout;
    this.#index = Array.from({ length: layout.channels }, () => levelIndices(layout));
    this.#end = encodeHead(this.#directories(() => [])).length;
  }

  /** Rejects with the file system's error where the folder cannot be written. */
  static async create(path: string, layout: PyramidLayout): Promise<PyramidTiffWriter> {
    const partial = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.partial`);
    return new PyramidTiffWriter(path, partial, await open(partial, "wx"), layout);
  }

  /** Appends the bytes of a tile. Calls must not overlap. */
  async store(bytes: Uint8Array): Promise<StoredTile> {
    const offset = this.#end;
    await this.#append(bytes);
    return { offset, byteCount: bytes.length };
  }

  /** Says which bytes tile (x, y) of a level of a channel is. */
  place(channel: number, level: number, x: number, y: number, tile: StoredTile): void {
    const index = this.#index[channel]?.[level];
    const at = index ? y * index.columns + x : -1;
    if (!index || x >= index.columns || at < 0 || at >= index.offsets.length) {
      throw new RangeError(`No tile ${x},${y} at level ${level} of channel ${channel}.`);
    }
    index.offsets[at] = tile.offset;
    index.byteCounts[at] = tile.byteCount;
  }

  /** Writes indices and directories and gives the file its name, replacing what had it. Every tile must be placed. */
  async finish(): Promise<void> {
    const references = new Map<LevelIndex, readonly FieldValue[]>();
    for (const index of this.#index.flat()) {
      if (index.offsets.includes(0)) throw new Error("A tile was never written.");
      references.set(index, [await this.#storeArray(index.offsets), await this.#storeArray(index.byteCounts)]);
    }
    const head = encodeHead(this.#directories((index) => references.get(index) ?? []));
    await this.#file.write(head, 0, head.length, 0);
    await this.#file.sync();
    await this.#file.close();
    await rename(this.#partial, this.#path);
  }

  /** Leaves nothing behind. */
  async abort(): Promise<void> {
    await this.#file.close().catch(() => {});
    await rm(this.#partial, { force: true });
  }

  async #append(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await this.#file.write(bytes, written, bytes.length - written, this.#end + written);
      written += bytesWritten;
    }
    this.#end += bytes.length;
  }

  async #storeArray(values: Float64Array | Uint32Array): Promise<FieldValue> {
    let largest = 0;
    for (const value of values) largest = Math.max(largest, value);
    const type = largest < LONG_LIMIT ? "long" : "long8";
    if (isInline(type, values.length)) return { type, values };
    const { offset } = await this.store(encodeNumbers(type, values));
    return { type, count: values.length, offset };
  }

  #directories(arrays: (index: LevelIndex) => readonly FieldValue[]): DirectorySpec[] {
    return this.#index.map((levels, channel) => {
      const [full, ...reduced] = levels.map((index, level) => {
        const [offsets = ELSEWHERE, byteCounts = ELSEWHERE] = arrays(index);
        return { fields: this.#fields(channel, level, offsets, byteCounts), children: [] };
      });
      return { fields: full?.fields ?? new Map(), children: reduced };
    });
  }

  #fields(channel: number, level: number, offsets: FieldValue, byteCounts: FieldValue): Map<number, FieldValue> {
    const { tileSize, bitsPerSample, description } = this.#layout;
    const { width, height } = levelSize(this.#layout, level);
    const fields = new Map<number, FieldValue>([
      [TAG.newSubfileType, long(level === 0 ? 0 : REDUCED_RESOLUTION)],
      [TAG.imageWidth, long(width)],
      [TAG.imageLength, long(height)],
      [TAG.bitsPerSample, short(bitsPerSample)],
      [TAG.compression, short(DEFLATE)],
      [TAG.photometric, short(1)],
      [TAG.samplesPerPixel, short(1)],
      [TAG.planarConfiguration, short(1)],
      [TAG.predictor, short(HORIZONTAL_DIFFERENCES)],
      [TAG.tileWidth, long(tileSize)],
      [TAG.tileLength, long(tileSize)],
      [TAG.tileOffsets, offsets],
      [TAG.tileByteCounts, byteCounts],
      [TAG.sampleFormat, short(1)],
    ]);
    if (channel === 0 && level === 0) {
      fields.set(TAG.imageDescription, { type: "ascii", text: description });
      fields.set(TAG.software, { type: "ascii", text: "Bandloom" });
    }
    return fields;
  }
}

/** Stands for an index whose place is not known yet: it takes the same room. */
const ELSEWHERE: FieldValue = { type: "long8", count: 0, offset: 0 };

function levelIndices(layout: PyramidLayout): LevelIndex[] {
  return Array.from({ length: layout.levels }, (_, level) => {
    const { columns, rows } = tileGrid(levelSize(layout, level), layout.tileSize);
    return {
      columns,
      offsets: new Float64Array(columns * rows),
      byteCounts: new Uint32Array(columns * rows),
    };
  });
}

function short(value: number): FieldValue {
  return { type: "short", values: [value] };
}

function long(value: number): FieldValue {
  return { type: "long", values: [value] };
}
