import type { PlaneType } from "../../core/dtype.ts";
import { levelSize, tileGrid } from "../../core/geometry.ts";
import { type DirectorySpec, encodeHead, encodeNumbers, type FieldValue, isInline } from "./write-directory.ts";
import { ascii, type Fields, levelFields, type TiffCompression, WRITE_TAG } from "./write-fields.ts";
import { PartialFile } from "./write-partial.ts";

/** What the file will hold: a directory a plane, and in its SubIFDs the coarser levels (OME-TIFF 6). */
export interface PyramidLayout {
  readonly width: number;
  readonly height: number;
  /** A multiple of 16 (TIFF 6.0 section 15). */
  readonly tileSize: number;
  readonly type: PlaneType;
  readonly compression: TiffCompression;
  /** Directories: channels, and z and t where there are any. */
  readonly planes: number;
  /** Channels that one directory holds, one after the other; 1 where absent. */
  readonly samples?: number;
  /** At least 1; level k measures ceil(size / 2^k). */
  readonly levels: number;
  /** ImageDescription of the first directory: OME-XML. */
  readonly description: string;
  /** What else the full-resolution directory of a plane says. */
  readonly fields?: (plane: number) => Fields;
  /** Fields of every directory besides. */
  readonly common?: Fields;
}

/** Compressed bytes that are in the file; any number of tiles may be this one. */
export interface StoredTile {
  readonly offset: number;
  readonly byteCount: number;
}

/** Numbers that 32 bits cannot hold make an index twice as long. */
const LONG_LIMIT = 2 ** 32;

interface LevelIndex {
  readonly columns: number;
  readonly tilesPerSample: number;
  /** 0: not placed yet (no tile can lie at the header). */
  readonly offsets: Float64Array;
  readonly byteCounts: Uint32Array;
}

/**
 * Writes a tiled BigTIFF with one directory a plane and SubIFD pyramids, tile by tile, under a hidden name until it is whole.
 * Directories lie at the start (one read opens the file), tile indices at the end.
 */
export class PyramidTiffWriter {
  readonly #file: PartialFile;
  readonly #layout: PyramidLayout;
  readonly #index: readonly (readonly LevelIndex[])[];

  private constructor(file: PartialFile, layout: PyramidLayout, index: readonly (readonly LevelIndex[])[]) {
    this.#file = file;
    this.#layout = layout;
    this.#index = index;
  }

  /** Rejects with the file system's error where the folder cannot be written. */
  static async create(path: string, layout: PyramidLayout): Promise<PyramidTiffWriter> {
    const index = Array.from({ length: layout.planes }, () => levelIndices(layout));
    const head = encodeHead(directories(layout, index, () => []));
    return new PyramidTiffWriter(await PartialFile.create(path, head.length), layout, index);
  }

  /** The hidden name, until `finish`. */
  get partial(): string {
    return this.#file.partial;
  }

  /** Appends the bytes of a tile. Calls must not overlap. */
  async store(bytes: Uint8Array): Promise<StoredTile> {
    return { offset: await this.#file.append(bytes), byteCount: bytes.length };
  }

  /** Says which bytes tile (x, y) of a level of a plane is. The samples of a directory are planes one after the other. */
  place(plane: number, level: number, x: number, y: number, tile: StoredTile): void {
    const samples = this.#layout.samples ?? 1;
    const index = this.#index[Math.floor(plane / samples)]?.[level];
    const within = index ? y * index.columns + x : -1;
    const at = index ? (plane % samples) * index.tilesPerSample + within : -1;
    if (!index || x >= index.columns || within < 0 || within >= index.tilesPerSample) {
      throw new RangeError(`No tile ${x},${y} at level ${level} of plane ${plane}.`);
    }
    index.offsets[at] = tile.offset;
    index.byteCounts[at] = tile.byteCount;
  }

  /** Writes indices and directories: the file is whole, under its hidden name. Every tile must be placed. Gives its bytes. */
  async seal(): Promise<number> {
    const references = new Map<LevelIndex, readonly FieldValue[]>();
    for (const index of this.#index.flat()) {
      if (index.offsets.includes(0)) throw new Error("A tile was never written.");
      references.set(index, [await this.#storeArray(index.offsets), await this.#storeArray(index.byteCounts)]);
    }
    const head = encodeHead(directories(this.#layout, this.#index, (index) => references.get(index) ?? []));
    await this.#file.write(head, 0);
    await this.#file.seal();
    return this.#file.end;
  }

  /** Gives the file its name once it is sealed, replacing what had it. */
  async publish(): Promise<void> {
    await this.#file.publish();
  }

  /** Leaves nothing behind. */
  async abort(): Promise<void> {
    await this.#file.discard();
  }

  async #storeArray(values: Float64Array | Uint32Array): Promise<FieldValue> {
    let largest = 0;
    for (const value of values) largest = Math.max(largest, value);
    const type = largest < LONG_LIMIT ? "long" : "long8";
    if (isInline(type, values.length)) return { type, values };
    const { offset } = await this.store(encodeNumbers(type, values));
    return { type, count: values.length, offset };
  }
}

function directories(
  layout: PyramidLayout,
  planes: readonly (readonly LevelIndex[])[],
  arrays: (index: LevelIndex) => readonly FieldValue[],
): DirectorySpec[] {
  return planes.map((levels, plane) => {
    const [full, ...reduced] = levels.map((index, level): DirectorySpec => {
      const [offsets = ELSEWHERE, byteCounts = ELSEWHERE] = arrays(index);
      return { fields: fieldsOf(layout, plane, level, offsets, byteCounts), children: [] };
    });
    return { fields: full?.fields ?? new Map(), children: reduced };
  });
}

function fieldsOf(
  layout: PyramidLayout,
  plane: number,
  level: number,
  offsets: FieldValue,
  byteCounts: FieldValue,
): Fields {
  const fields = levelFields({
    ...layout,
    size: levelSize(layout, level),
    reduced: level > 0,
    samples: layout.samples ?? 1,
  });
  for (const [tag, value] of layout.common ?? []) fields.set(tag, value);
  fields.set(WRITE_TAG.tileOffsets, offsets).set(WRITE_TAG.tileByteCounts, byteCounts);
  if (level > 0) return fields;
  for (const [tag, value] of layout.fields?.(plane) ?? []) fields.set(tag, value);
  if (plane > 0) return fields;
  return fields.set(WRITE_TAG.imageDescription, ascii(layout.description)).set(WRITE_TAG.software, ascii("Bandloom"));
}

/** Stands for an index whose place is not known yet: it takes the same room. */
const ELSEWHERE: FieldValue = { type: "long8", count: 0, offset: 0 };

function levelIndices(layout: PyramidLayout): LevelIndex[] {
  return Array.from({ length: layout.levels }, (_, level) => {
    const { columns, rows } = tileGrid(levelSize(layout, level), layout.tileSize);
    const tilesPerSample = columns * rows;
    const tiles = tilesPerSample * (layout.samples ?? 1);
    return { columns, tilesPerSample, offsets: new Float64Array(tiles), byteCounts: new Uint32Array(tiles) };
  });
}
