import { planeView } from "../../core/dtype.ts";
import type { Identity } from "../identity.ts";
import type { ChannelInfo, ChunkBytes, ChunkLayout, ChunkRef, DecodeTarget, ImageInfo, ImageSource } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import type { Maybe } from "./maybe.ts";
import { type Piece, piecePlanes, pieceScratchBytes } from "./pieces.ts";

/** Colours by index; components of 8 or 16 bits. */
export interface Palette {
  readonly type: "uint8" | "uint16";
  readonly colors: readonly [red: Uint16Array, green: Uint16Array, blue: Uint16Array];
}

const COMPONENTS = ["red", "green", "blue"] as const;
/** How writers make 16 bits of a byte: doubled as the specification has it, shifted, or not at all. */
const BYTE_SCALES = [257, 256, 1];

/** ColorMap of TIFF 6.0 section 5: all reds, then greens, then blues, of 16 bits. SOURCE_UNREADABLE where it is too short for the indices. */
export function paletteOf(colorMap: readonly number[] | null, bits: number): Palette {
  const size = 2 ** bits;
  if (!colorMap || colorMap.length < 3 * size)
    throw unreadable(`its palette has ${colorMap?.length ?? 0} values, where ${bits}-bit indices need ${3 * size}`);
  const values = Uint16Array.from(colorMap.slice(0, 3 * size));
  const scale = BYTE_SCALES.find((one) => values.every((value) => value % one === 0 && value / one < 256));
  const type = scale === undefined ? "uint16" : "uint8";
  const scaled = scale === undefined ? values : values.map((value) => value / scale);
  return { type, colors: [scaled.slice(0, size), scaled.slice(size, 2 * size), scaled.slice(2 * size)] };
}

/**
 * An image of indices as its colours: red, green and blue in place of each channel. Where the channel has a nodata value the colours
 * are float32, NaN for that index.
 */
export class PaletteSource implements ImageSource {
  readonly info: ImageInfo;
  readonly fetchAll?: NonNullable<ImageSource["fetchAll"]>;
  readonly #inner: ImageSource;
  readonly #palette: Palette;

  /** `inner` has one sample a group. */
  constructor(inner: ImageSource, palette: Palette) {
    this.#inner = inner;
    this.#palette = palette;
    const several = inner.info.channels.length > 1;
    this.info = {
      ...inner.info,
      channels: inner.info.channels.flatMap((channel) => colourChannels(channel, palette.type, several)),
    };
    if (inner.fetchAll) this.fetchAll = inner.fetchAll.bind(inner);
  }

  get identity(): Identity {
    return this.#inner.identity;
  }

  locate(channel: number): { readonly group: number; readonly sample: number } {
    return { group: Math.floor(channel / COMPONENTS.length), sample: channel % COMPONENTS.length };
  }

  layout(ref: ChunkRef): ChunkLayout {
    const type = this.#nodata(ref) === null ? this.#palette.type : "float32";
    return { ...this.#inner.layout(ref), samples: COMPONENTS.length, type };
  }

  fetch(ref: ChunkRef, signal?: AbortSignal): Maybe<ChunkBytes> {
    return this.#inner.fetch(ref, signal);
  }

  scratchBytes(ref: ChunkRef, compressedLength: number): number {
    return pieceScratchBytes(this.#pieces(ref), compressedLength);
  }

  decode(bytes: ChunkBytes, ref: ChunkRef, target: DecodeTarget): void {
    const { width, height, type } = this.layout(ref);
    const count = width * height;
    const scratch = target.scratch + piecePlanes(this.#pieces(ref));
    this.#inner.decode(bytes, ref, { ...target, ptr: target.scratch, scratch });
    const buffer = target.pixels.memory.buffer as ArrayBuffer;
    const indices = planeView(this.#inner.layout(ref).type, buffer, target.scratch, count);
    const out = planeView(type, buffer, target.ptr, COMPONENTS.length * count);
    const nodata = this.#nodata(ref);
    this.#palette.colors.forEach((values, component) => {
      for (let at = 0; at < count; at++) out[component * count + at] = values[indices[at] ?? 0] ?? 0;
      if (nodata === null) return;
      for (let at = 0; at < count; at++) if (indices[at] === nodata) out[component * count + at] = Number.NaN;
    });
  }

  close(): void | Promise<void> {
    return this.#inner.close();
  }

  #nodata({ group }: ChunkRef): number | null {
    return this.#inner.info.channels[group]?.nodata ?? null;
  }

  #pieces(ref: ChunkRef): readonly Piece[] {
    return [{ source: this.#inner, ref }];
  }
}

function colourChannels(channel: ChannelInfo, type: Palette["type"], several: boolean): readonly ChannelInfo[] {
  return COMPONENTS.map((component, sample): ChannelInfo => {
    const name = several ? `${channel.name} ${component}` : component;
    const masked = channel.nodata !== null;
    // What is said of the index says nothing of its colours.
    return {
      ...channel,
      ...{ index: channel.index * COMPONENTS.length + sample, name, dataType: type, masked },
      ...{ nodata: null, window: null, color: null, unit: null, scale: 1, offset: 0 },
    };
  });
}
