import { rm } from "node:fs/promises";
import type { PlaneType } from "../../core/dtype.ts";
import { levelSize, tileGrid } from "../../core/geometry.ts";
import { PHOTOMETRIC } from "./tags.ts";
import type { StoredTile } from "./write.ts";
import { colorFields } from "./write-colors.ts";
import { encodeHead } from "./write-directory.ts";
import { ascii, type Fields, levelFields, type TiffCompression, WRITE_TAG } from "./write-fields.ts";
import { PartialFile } from "./write-partial.ts";

/** A pyramid in one chain of directories, every channel in each. */
export interface CogLayout {
  readonly width: number;
  readonly height: number;
  /** A multiple of 16. */
  readonly tileSize: number;
  readonly type: PlaneType;
  readonly compression: TiffCompression;
  readonly channels: number;
  /** A tile holds all channels of its pixels (PlanarConfiguration 1), as channel 0; else those of one. */
  readonly interleaved?: boolean;
  /** The first three channels are red, green and blue: any viewer shows them so. */
  readonly rgb: boolean;
  /** How samples make colors, in place of what `rgb` says. */
  readonly colors?: Fields;
  readonly levels: number;
  /** What else the full-resolution directory says. */
  readonly fields: Fields;
  /** Fields of every directory besides. */
  readonly common: Fields;
}

/** Tiles are moved to their places in pieces of about so many bytes. */
const COPY_BYTES = 8 * 2 ** 20;

interface LevelIndex {
  readonly columns: number;
  readonly tilesPerChannel: number;
  /** Of all channels, one after the other; where the tiles lie in the spool. */
  readonly offsets: Float64Array;
  readonly byteCounts: Uint32Array;
}

/**
 * Writes a BigTIFF laid out as a COG (GDAL's COG driver documentation): directories and tile indices first, then the pixels, coarsest
 * level first, tiles row by row. Tiles arrive in any order, finest level first, so they are collected in a spool beside the file.
 */
export class CogWriter {
  readonly #spool: PartialFile;
  readonly #file: PartialFile;
  readonly #layout: CogLayout;
  readonly #levels: readonly LevelIndex[];

  private constructor(spool: PartialFile, file: PartialFile, layout: CogLayout, levels: readonly LevelIndex[]) {
    this.#spool = spool;
    this.#file = file;
    this.#layout = layout;
    this.#levels = levels;
  }

  /** Rejects with the file system's error where the folder cannot be written. */
  static async create(path: string, layout: CogLayout): Promise<CogWriter> {
    const levels = Array.from({ length: layout.levels }, (_, level): LevelIndex => {
      const { columns, rows } = tileGrid(levelSize(layout, level), layout.tileSize);
      const tilesPerChannel = columns * rows;
      const tiles = layout.interleaved ? tilesPerChannel : tilesPerChannel * layout.channels;
      return { columns, tilesPerChannel, offsets: new Float64Array(tiles), byteCounts: new Uint32Array(tiles) };
    });
    const head = encodeHead(directories(layout, levels));
    const file = await PartialFile.create(path, head.length);
    try {
      // Offset 0 stands for a tile that is not there.
      return new CogWriter(await PartialFile.create(path, 8), file, layout, levels);
    } catch (error) {
      await file.discard();
      throw error;
    }
  }

  get partial(): string {
    return this.#file.partial;
  }

  /** Keeps the bytes of a tile. Calls must not overlap. */
  async store(bytes: Uint8Array): Promise<StoredTile> {
    return { offset: await this.#spool.append(bytes), byteCount: bytes.length };
  }

  /** Says which bytes tile (x, y) of a level of a channel is. */
  place(channel: number, level: number, x: number, y: number, tile: StoredTile): void {
    const index = this.#levels[level];
    if (!index) throw new RangeError(`There is no level ${level}.`);
    const at = channel * index.tilesPerChannel + y * index.columns + x;
    index.offsets[at] = tile.offset;
    index.byteCounts[at] = tile.byteCount;
  }

  /** Lays the file out: it is whole, under its hidden name. Every tile must be placed. Gives its bytes. */
  async seal(signal?: AbortSignal): Promise<number> {
    for (const index of [...this.#levels].reverse()) await this.#moveLevel(index, signal);
    await this.#file.write(encodeHead(directories(this.#layout, this.#levels)), 0);
    await this.#file.seal();
    await this.#spool.discard();
    return this.#file.end;
  }

  async publish(): Promise<void> {
    await this.#file.publish();
  }

  /** Leaves nothing behind. */
  async abort(): Promise<void> {
    await this.#spool.discard();
    await this.#file.discard();
    await rm(this.#file.partial, { force: true });
  }

  async #moveLevel({ offsets, byteCounts }: LevelIndex, signal: AbortSignal | undefined): Promise<void> {
    let first = 0;
    while (first < offsets.length) {
      signal?.throwIfAborted();
      let bytes = 0;
      let end = first;
      do bytes += byteCounts[end++] ?? 0;
      while (end < offsets.length && bytes + (byteCounts[end] ?? 0) <= COPY_BYTES);
      const piece = new Uint8Array(bytes);
      let at = 0;
      for (let tile = first; tile < end; tile++) {
        const [offset = 0, length = 0] = [offsets[tile], byteCounts[tile]];
        if (offset === 0) throw new Error("A tile was never written.");
        await this.#spool.read(piece.subarray(at, at + length), offset);
        offsets[tile] = this.#file.end + at;
        at += length;
      }
      await this.#file.append(piece);
      first = end;
    }
  }
}

function directories(layout: CogLayout, levels: readonly LevelIndex[]) {
  const photometric = layout.rgb ? PHOTOMETRIC.rgb : PHOTOMETRIC.blackIsZero;
  const colors = layout.colors ?? colorFields({ photometric, samples: layout.channels, alpha: null });
  return levels.map(({ offsets, byteCounts }, level) => {
    const size = levelSize(layout, level);
    const fields = levelFields({ ...layout, size, reduced: level > 0, samples: layout.channels });
    for (const [tag, value] of [...colors, ...layout.common]) fields.set(tag, value);
    fields.set(WRITE_TAG.tileOffsets, { type: "long8", values: offsets });
    fields.set(WRITE_TAG.tileByteCounts, { type: "long", values: byteCounts });
    if (level === 0) {
      fields.set(WRITE_TAG.software, ascii("Bandloom"));
      for (const [tag, value] of layout.fields) fields.set(tag, value);
    }
    return { fields, children: [] };
  });
}
