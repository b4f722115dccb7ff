import { planeTypeOf, planeView } from "../../core/dtype.ts";
import type { Identity } from "../identity.ts";
import type {
  ChannelInfo,
  ChunkBytes,
  ChunkLayout,
  ChunkRef,
  DecodeTarget,
  ImageInfo,
  ImageSource,
  StoredColors,
} from "../types.ts";
import { blockScratchBytes, decodeBlock } from "./block.ts";
import { type ChunkAddress, fetchBlocks, unpackStrips } from "./fetch.ts";
import { andThen, type Maybe } from "./maybe.ts";
import type { Page } from "./page.ts";
import { fetchEach } from "./pieces.ts";
import type { Planes } from "./planes.ts";
import { storedColors } from "./stored-colors.ts";

/** What a source was opened from. */
export interface TiffMedium {
  readonly identity: Identity;
  /** Reading waits for a network. */
  readonly remote: boolean;
  readonly close: () => void | Promise<void>;
}

/** Channels of a TIFF file: directories side by side, and samples within them. */
export class TiffSource implements ImageSource {
  readonly info: ImageInfo;
  readonly identity: Identity;
  /** Where any of its files is behind a network: chunks that are fetched at once travel together. */
  readonly fetchAll?: NonNullable<ImageSource["fetchAll"]>;
  readonly #close: () => void | Promise<void>;
  readonly #planes: Planes;
  readonly #samples: number;
  readonly #separate: boolean;

  constructor(info: ImageInfo, planes: Planes, { identity, remote, close }: TiffMedium) {
    this.info = info;
    this.identity = identity;
    this.#close = close;
    this.#planes = planes;
    const [first] = planes.levels;
    this.#samples = first?.samples ?? 1;
    this.#separate = first?.separate ?? false;
    if (remote) this.fetchAll = (refs, signal) => fetchEach(this, refs, signal);
  }

  /** Samples that are stored apart are groups of their own. */
  locate(channel: number): { readonly group: number; readonly sample: number } {
    if (this.#separate) return { group: channel, sample: 0 };
    return { group: Math.floor(channel / this.#samples), sample: channel % this.#samples };
  }

  layout(ref: ChunkRef): ChunkLayout {
    const level = this.#levelOf(ref);
    const { chunks } = level;
    return {
      width: Math.min(chunks.width, level.width - ref.x * chunks.width),
      height: Math.min(chunks.height, level.height - ref.y * chunks.height),
      samples: this.#separate ? 1 : this.#samples,
      type: planeTypeOf(level.dataType),
    };
  }

  fetch(ref: ChunkRef, signal?: AbortSignal): Maybe<ChunkBytes> {
    const page = this.#page(ref);
    if (!(page instanceof Promise)) return fetchBlocks(page, this.#address(ref), signal);
    // Several that wait for their pages read one after the other into the same memory, before any is looked at.
    return page.then((found) => andThen(fetchBlocks(found, this.#address(ref), signal), ownBytes));
  }

  scratchBytes(ref: ChunkRef, compressedLength: number): number {
    return compressedLength === 0 ? 0 : blockScratchBytes(this.#knownPage(ref), compressedLength);
  }

  decode(bytes: ChunkBytes, ref: ChunkRef, target: DecodeTarget): void {
    if (bytes === null) this.#fill(ref, target);
    else if (this.#knownPage(ref).chunks.kind === "blocks" && !this.#knownPage(ref).blocks.tiled)
      this.#decodeStrips(bytes, ref, target);
    else this.#decodeBlock(bytes, ref, target);
  }

  colors(): Promise<StoredColors | null> {
    return storedColors(this.#planes);
  }

  close(): void | Promise<void> {
    return this.#close();
  }

  /** A tile, or rows of an uncompressed strip. */
  #decodeBlock(bytes: Uint8Array, ref: ChunkRef, { pixels, ptr, scratch }: DecodeTarget): void {
    const page = this.#knownPage(ref);
    const { width, height } = this.layout(ref);
    const storedRows = page.blocks.tiled ? page.blocks.height : height;
    const place = { storedRows, rows: height, columns: width, top: 0, chunkWidth: width, chunkHeight: height };
    decodeBlock(bytes, page, place, { pixels, chunk: ptr, scratch });
  }

  #decodeStrips(bytes: Uint8Array, ref: ChunkRef, target: DecodeTarget): void {
    const page = this.#knownPage(ref);
    const { width, height } = this.layout(ref);
    const memory = { pixels: target.pixels, chunk: target.ptr, scratch: target.scratch };
    let top = 0;
    for (const strip of unpackStrips(bytes, Math.ceil(height / page.blocks.height))) {
      const rows = Math.min(page.blocks.height, height - top);
      const place = { storedRows: rows, rows, columns: width, top, chunkWidth: width, chunkHeight: height };
      if (strip.length > 0) decodeBlock(strip, page, place, memory);
      else this.#fill(ref, target, top, rows);
      top += rows;
    }
  }

  /** Rows of a chunk that is made of strips which the file leaves out. */
  unwritten(bytes: Uint8Array, ref: ChunkRef): readonly { readonly top: number; readonly rows: number }[] {
    const { chunks, blocks } = this.#knownPage(ref);
    if (chunks.kind !== "blocks" || blocks.tiled) return [];
    const { height } = this.layout(ref);
    return unpackStrips(bytes, Math.ceil(height / blocks.height)).flatMap((strip, index) => {
      const top = index * blocks.height;
      return strip.length > 0 ? [] : [{ top, rows: Math.min(blocks.height, height - top) }];
    });
  }

  channelAt(group: number, sample: number): ChannelInfo | undefined {
    return this.info.channels[this.#separate ? group : group * this.#samples + sample];
  }

  /** What the file leaves out: its nodata value, NaN where floats have none, and else 0. */
  #fill(ref: ChunkRef, { pixels, ptr }: DecodeTarget, top = 0, rows?: number): void {
    const { width, height, samples, type } = this.layout(ref);
    const plane = planeView(type, pixels.memory.buffer as ArrayBuffer, ptr, samples * width * height);
    for (let sample = 0; sample < samples; sample++) {
      const channel = this.channelAt(ref.group, sample);
      const start = sample * width * height + top * width;
      plane.fill(
        channel?.nodata ?? (type.startsWith("float") ? Number.NaN : 0),
        start,
        start + (rows ?? height) * width,
      );
    }
  }

  #levelOf({ level }: ChunkRef): Page {
    const page = this.#planes.levels[level];
    if (!page) throw new RangeError(`There is no stored level ${level}.`);
    return page;
  }

  #column(group: number): number {
    return this.#separate ? Math.floor(group / this.#samples) : group;
  }

  #page({ level, group, z, t }: ChunkRef): Maybe<Page> {
    return this.#planes.page(level, this.#column(group), z, t);
  }

  #knownPage({ level, group, z, t }: ChunkRef): Page {
    return this.#planes.known(level, this.#column(group), z, t);
  }

  #address({ group, x, y }: ChunkRef): ChunkAddress {
    return { plane: this.#separate ? group % this.#samples : 0, x, y };
  }
}

function ownBytes(bytes: ChunkBytes): ChunkBytes {
  return bytes && new Uint8Array(bytes);
}
