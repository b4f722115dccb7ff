import { type DataType, planeBytes, planeTypeOf, planeView } from "../../src/core/dtype.ts";
import { SLACK_BYTES } from "../../src/kernel/kernel.ts";
import { textIdentity } from "../../src/source/identity.ts";
import { plainChannel, plainImage } from "../../src/source/plain-info.ts";
import type { ChannelInfo, ChunkRef, ImageInfo, ImageSource, StoredLevel } from "../../src/source/types.ts";

export interface MemoryImage {
  readonly width: number;
  readonly height: number;
  readonly dataType?: DataType;
  readonly channels?: number;
  readonly nodata?: number | null;
  readonly kind?: ChannelInfo["kind"];
  /** Stored levels; the first is full resolution. */
  readonly levels: readonly Omit<StoredLevel, "codec">[];
  /** All channels of a pixel lie in one chunk. */
  readonly interleaved?: boolean;
  /** Answer with promises, as a remote file would. */
  readonly remote?: boolean;
  /** Give many chunks at once, as what lies behind a network does. */
  readonly rounds?: boolean;
  /** Chunks that cannot be had, where many are asked for at once. */
  readonly broken?: (ref: ChunkRef) => boolean;
  /** All pixels of a chunk are as its first one: large images are made at once. */
  readonly flat?: boolean;
  /** The stored value at a pixel of a stored level. */
  readonly value: (level: number, channel: number, x: number, y: number) => number;
}

/** An image that is computed rather than read: every sample is known, and every fetch is counted. */
export class MemorySource implements ImageSource {
  readonly info: ImageInfo;
  readonly identity = textIdentity("memory");
  readonly fetched: string[] = [];
  closed = false;
  /** Called before each fetch. */
  onFetch: (ref: ChunkRef) => void = () => {};
  readonly #image: MemoryImage;

  constructor(image: MemoryImage) {
    this.#image = image;
    const { width, height, levels, dataType = "uint8", channels = 1, nodata = null, kind = "continuous" } = image;
    if (image.rounds) this.fetchAll = (refs) => this.#round(refs);
    this.info = plainImage({
      format: "memory",
      width,
      height,
      channels: Array.from({ length: channels }, (_, index) =>
        plainChannel({ index, name: `b${index + 1}`, dataType, nodata, kind }),
      ),
      levels: levels.map((level) => ({ ...level, codec: "none" })),
    });
  }

  async #round(refs: readonly ChunkRef[]) {
    this.rounds.push(refs.length);
    return Promise.all(
      refs.map(async (ref) => {
        const { level, group, x, y } = ref;
        return this.#image.broken?.(ref) ? new Error(`no chunk ${level}/${group}/${x}/${y}`) : this.fetch(ref);
      }),
    );
  }

  locate(channel: number) {
    return this.#image.interleaved ? { group: 0, sample: channel } : { group: channel, sample: 0 };
  }

  layout({ level, x, y }: ChunkRef) {
    const { width, height, chunkWidth, chunkHeight } = this.#level(level);
    return {
      width: Math.min(chunkWidth, width - x * chunkWidth),
      height: Math.min(chunkHeight, height - y * chunkHeight),
      samples: this.#image.interleaved ? this.info.channels.length : 1,
      type: planeTypeOf(this.#image.dataType ?? "uint8"),
    };
  }

  fetch(ref: ChunkRef) {
    const { level, group, x, y } = ref;
    this.fetched.push(`${level}/${group}/${x}/${y}`);
    this.onFetch(ref);
    const bytes = this.#samples(ref);
    return this.#image.remote ? new Promise<Uint8Array>((resolve) => setImmediate(resolve, bytes)) : bytes;
  }

  /** Chunks of one round of requests each; only an image behind a network has it. */
  readonly rounds: number[] = [];

  readonly fetchAll?: NonNullable<ImageSource["fetchAll"]>;

  scratchBytes() {
    return 0;
  }

  decode(bytes: Uint8Array | null, _: ChunkRef, { pixels, ptr }: Parameters<ImageSource["decode"]>[2]) {
    const memory = new Uint8Array(pixels.memory.buffer);
    if (bytes) memory.set(bytes, ptr);
    // A decoder may write into the slack; nobody may mind.
    memory.fill(0xa5, ptr + (bytes?.length ?? 0), ptr + (bytes?.length ?? 0) + SLACK_BYTES);
  }

  close() {
    this.closed = true;
  }

  #level(level: number): StoredLevel {
    const found = this.info.levels[level];
    if (!found) throw new Error(`no stored level ${level}`);
    return found;
  }

  #samples(ref: ChunkRef): Uint8Array {
    const { width, height, samples, type } = this.layout(ref);
    const { chunkWidth, chunkHeight } = this.#level(ref.level);
    const buffer = new ArrayBuffer(samples * width * height * planeBytes(type));
    const values = planeView(type, buffer, 0, samples * width * height);
    const { flat = false, value } = this.#image;
    for (let sample = 0; sample < samples; sample++) {
      if (flat) {
        const first = value(ref.level, ref.group + sample, ref.x * chunkWidth, ref.y * chunkHeight);
        values.fill(first, sample * width * height, (sample + 1) * width * height);
        continue;
      }
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          values[(sample * height + y) * width + x] = value(
            ref.level,
            ref.group + sample,
            ref.x * chunkWidth + x,
            ref.y * chunkHeight + y,
          );
    }
    return new Uint8Array(buffer);
  }
}
