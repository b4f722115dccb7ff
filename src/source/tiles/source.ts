import type { Identity } from "../identity.ts";
import { PHOTOMETRIC } from "../tiff/tags.ts";
import type {
  ChunkBytes,
  ChunkLayout,
  ChunkRef,
  DecodeTarget,
  Folder,
  ImageInfo,
  ImageSource,
  StoredColors,
} from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { MAX_TILE_BYTES, type TileLevel, type TilePyramid } from "./pyramid.ts";
import { decodeTile, type TileColours, type TilePixels } from "./tile.ts";

/** Sizes of levels are rounded up by some and down by others. */
const ROUNDING = 1;

/** Channels of pre-cut tiles: their colours, interleaved in each. */
export class TilesSource implements ImageSource {
  readonly info: ImageInfo;
  readonly identity: Identity;
  readonly fetchAll?: NonNullable<ImageSource["fetchAll"]>;
  readonly #folder: Folder;
  readonly #pyramid: TilePyramid;
  readonly #colours: TileColours;

  constructor(info: ImageInfo, identity: Identity, folder: Folder, pyramid: TilePyramid, colours: TileColours) {
    this.info = info;
    this.identity = identity;
    this.#folder = folder;
    this.#pyramid = pyramid;
    this.#colours = colours;
    if (folder.remote)
      this.fetchAll = (refs, signal) =>
        Promise.all(refs.map((ref) => this.fetch(ref, signal).catch((error: unknown) => error as Error)));
  }

  locate(channel: number): { readonly group: number; readonly sample: number } {
    return { group: 0, sample: channel };
  }

  layout(ref: ChunkRef): ChunkLayout {
    const { width, height } = this.#level(ref);
    const { tileWidth, tileHeight } = this.#pyramid;
    return {
      width: Math.min(tileWidth, width - ref.x * tileWidth),
      height: Math.min(tileHeight, height - ref.y * tileHeight),
      samples: this.#colours.names.length,
      type: this.#colours.dataType,
    };
  }

  /** Decoded samples, interleaved: most pictures can only be decoded asynchronously. */
  async fetch(ref: ChunkRef, signal?: AbortSignal): Promise<ChunkBytes> {
    const bytes = await this.#stored(ref, signal);
    if (!bytes) {
      if (this.#pyramid.sparse) return null;
      throw unreadable("one of its tiles is missing");
    }
    const { tileWidth, tileHeight, overlap } = this.#pyramid;
    const most = (tileWidth + 2 * overlap + ROUNDING) * (tileHeight + 2 * overlap + ROUNDING);
    return this.#cut(await decodeTile(bytes, this.#colours, most), ref);
  }

  scratchBytes(_: ChunkRef, length: number): number {
    return length;
  }

  decode(bytes: ChunkBytes, ref: ChunkRef, { pixels, ptr, scratch }: DecodeTarget): void {
    const { width, height, samples } = this.layout(ref);
    const memory = new Uint8Array(pixels.memory.buffer);
    const plane = width * height * this.#sampleBytes;
    if (bytes === null) memory.fill(0, ptr, ptr + samples * plane);
    else if (samples === 1) memory.set(bytes, ptr);
    else {
      memory.set(bytes, scratch);
      pixels.deinterleave(scratch, ptr, width * height, samples, this.#sampleBytes, plane);
    }
  }

  async colors(): Promise<StoredColors> {
    const { names, profile } = this.#colours;
    const photometric = names.length > 2 ? PHOTOMETRIC.rgb : PHOTOMETRIC.blackIsZero;
    return { photometric, isMultiplied: false, mask: "none", profile };
  }

  close(): void | Promise<void> {
    return this.#folder.close();
  }

  async #stored(ref: ChunkRef, signal: AbortSignal | undefined): Promise<Uint8Array | null> {
    for (const path of this.#level(ref).paths(ref.x, ref.y)) {
      const found = await this.#folder.get(path, MAX_TILE_BYTES, signal);
      if (found) return found.bytes;
    }
    return null;
  }

  /** A tile without its overlap, and without what an edge tile has beyond the image. */
  #cut({ width: tileWidth, height: tileHeight, data }: TilePixels, ref: ChunkRef): Uint8Array {
    const { width, height, samples } = this.layout(ref);
    const { overlap, fullEdges } = this.#pyramid;
    const level = this.#level(ref);
    const left = ref.x > 0 ? overlap : 0;
    const top = ref.y > 0 ? overlap : 0;
    const dueWidth = left + width + this.#shared(level.width, ref.x, this.#pyramid.tileWidth);
    const dueHeight = top + height + this.#shared(level.height, ref.y, this.#pyramid.tileHeight);
    const fits = (found: number, due: number, full: number) =>
      Math.abs(found - due) <= ROUNDING || (fullEdges && found >= due && found <= full);
    if (!fits(tileWidth, dueWidth, this.#pyramid.tileWidth) || !fits(tileHeight, dueHeight, this.#pyramid.tileHeight))
      throw unreadable(`a tile has ${tileWidth} × ${tileHeight} pixels, where ${dueWidth} × ${dueHeight} are due`);
    const pixel = samples * this.#sampleBytes;
    if (left === 0 && top === 0 && tileWidth === width && tileHeight === height) return data;
    const cut = new Uint8Array(width * height * pixel);
    for (let y = 0; y < height; y++) {
      // A tile that was rounded the other way repeats its last row or column.
      const row = Math.min(top + y, tileHeight - 1) * tileWidth;
      const columns = Math.min(width, tileWidth - left);
      cut.set(data.subarray((row + left) * pixel, (row + left + columns) * pixel), y * width * pixel);
      for (let x = columns; x < width; x++)
        cut.copyWithin((y * width + x) * pixel, (y * width + columns - 1) * pixel, (y * width + columns) * pixel);
    }
    return cut;
  }

  /** Pixels that a tile has of the next one: none at the edge, and no more than there are. */
  #shared(size: number, at: number, tile: number): number {
    return Math.min(this.#pyramid.overlap, Math.max(0, size - (at + 1) * tile));
  }

  #level({ level }: ChunkRef): TileLevel {
    const found = this.#pyramid.levels[level];
    if (!found) throw new RangeError(`There is no stored level ${level}.`);
    return found;
  }

  get #sampleBytes(): 1 | 2 {
    return this.#colours.dataType === "uint16" ? 2 : 1;
  }
}
