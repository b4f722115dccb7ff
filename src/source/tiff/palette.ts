import { isFloat, planeView } from "../../core/dtype.ts";
import type { Identity } from "../identity.ts";
import type { PaletteColor } from "../sidecars/pam-classes.ts";
import type {
  ChannelClass,
  ChannelInfo,
  ChunkBytes,
  ChunkLayout,
  ChunkRef,
  DecodeTarget,
  ImageInfo,
  ImageSource,
  StoredColors,
} from "../types.ts";
import { unreadable } from "../unreadable.ts";
import type { Maybe } from "./maybe.ts";
import { type Piece, piecePlanes, pieceScratchBytes } from "./pieces.ts";

/** Colours by index; components of 8 or 16 bits. */
export interface Palette {
  readonly type: "uint8" | "uint16";
  readonly colors: readonly [red: Uint16Array, green: Uint16Array, blue: Uint16Array];
  /** Indices that are transparent; left out: none. */
  readonly clear?: ReadonlySet<number>;
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

/** The palette whose colors are those of classes; null: a code has none, or they do not count from 0. */
export function classPalette(classes: readonly ChannelClass[]): Palette | null {
  if (classes.length === 0 || !classes.every(({ value, color }, code) => value === code && color !== null)) return null;
  const component = (at: number) =>
    Uint16Array.from(classes, ({ color }) => Number.parseInt((color ?? "").slice(at, at + 2), 16));
  return { type: "uint8", colors: [component(1), component(3), component(5)] };
}

/** A palette that is told outside of the file, by index; indices without a color are black, those of an alpha of 0 transparent. */
export function toldPalette(colors: readonly PaletteColor[]): Palette {
  const component = (at: 0 | 1 | 2) => Uint16Array.from(colors, (color) => color[at]);
  const clear = new Set(colors.flatMap(([, , , alpha], index) => (alpha === 0 ? [index] : [])));
  return { type: "uint8", colors: [component(0), component(1), component(2)], ...(clear.size > 0 ? { clear } : {}) };
}

/** A channel of codes and its three colors. */
const PARTS = 1 + COMPONENTS.length;
/** Where the colors are, if there is one channel of codes. */
export const PALETTE_COLORS: readonly number[] = COMPONENTS.map((_, at) => 1 + at);

/**
 * An image of codes with a palette: each channel as it is, then its red, green and blue, which are made of it. Where the channel can have
 * no data the colors are float32, NaN for it. Codes and colors are groups of their own, so that who reads codes makes no colors.
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
    const classes = classesOf(palette);
    this.info = {
      ...inner.info,
      channels: inner.info.channels.flatMap((channel) => [
        {
          ...channel,
          index: channel.index * PARTS,
          kind: "categorical" as const,
          classes: withNames(classes, channel.classes),
        },
        ...colorChannels(channel, palette, several),
      ]),
    };
    const { fetchAll } = inner;
    if (fetchAll)
      this.fetchAll = (refs, signal) =>
        fetchAll.call(
          inner,
          refs.map((ref) => innerRef(ref)),
          signal,
        );
  }

  get identity(): Identity {
    return this.#inner.identity;
  }

  locate(channel: number): { readonly group: number; readonly sample: number } {
    const part = channel % PARTS;
    const group = 2 * Math.floor(channel / PARTS);
    return part === 0 ? { group, sample: 0 } : { group: group + 1, sample: part - 1 };
  }

  layout(ref: ChunkRef): ChunkLayout {
    const stored = this.#inner.layout(innerRef(ref));
    if (!isOfColors(ref)) return stored;
    return { ...stored, samples: COMPONENTS.length, type: this.#isMasked(ref) ? "float32" : this.#palette.type };
  }

  fetch(ref: ChunkRef, signal?: AbortSignal): Maybe<ChunkBytes> {
    return this.#inner.fetch(innerRef(ref), signal);
  }

  scratchBytes(ref: ChunkRef, compressedLength: number): number {
    if (!isOfColors(ref)) return this.#inner.scratchBytes(innerRef(ref), compressedLength);
    return pieceScratchBytes(this.#pieces(ref), compressedLength);
  }

  decode(bytes: ChunkBytes, ref: ChunkRef, target: DecodeTarget): void {
    if (!isOfColors(ref)) {
      this.#inner.decode(bytes, innerRef(ref), target);
      return;
    }
    const { width, height, type } = this.layout(ref);
    const count = width * height;
    const scratch = target.scratch + piecePlanes(this.#pieces(ref));
    this.#inner.decode(bytes, innerRef(ref), { ...target, ptr: target.scratch, scratch });
    const buffer = target.pixels.memory.buffer as ArrayBuffer;
    const codes = planeView(this.#inner.layout(innerRef(ref)).type, buffer, target.scratch, count);
    const out = planeView(type, buffer, target.ptr, COMPONENTS.length * count);
    const nodata = this.#channel(ref)?.nodata ?? null;
    const isMasked = this.#isMasked(ref);
    const { clear } = this.#palette;
    this.#palette.colors.forEach((values, component) => {
      for (let at = 0; at < count; at++) out[component * count + at] = values[codes[at] ?? 0] ?? 0;
      if (!isMasked) return;
      for (let at = 0; at < count; at++) {
        const code = codes[at] ?? Number.NaN;
        if (code === nodata || Number.isNaN(code) || clear?.has(code)) out[component * count + at] = Number.NaN;
      }
    });
  }

  async colors(): Promise<StoredColors | null> {
    return (await this.#inner.colors?.()) ?? null;
  }

  close(): void | Promise<void> {
    return this.#inner.close();
  }

  #channel(ref: ChunkRef): ChannelInfo | undefined {
    return this.#inner.info.channels[innerRef(ref).group];
  }

  #isMasked(ref: ChunkRef): boolean {
    const channel = this.#channel(ref);
    return channel !== undefined && canLackColor(channel, this.#palette);
  }

  #pieces(ref: ChunkRef): readonly Piece[] {
    return [{ source: this.#inner, ref: innerRef(ref) }];
  }
}

function isOfColors({ group }: ChunkRef): boolean {
  return group % 2 === 1;
}

function innerRef(ref: ChunkRef): ChunkRef {
  return { ...ref, group: Math.floor(ref.group / 2) };
}

function canLackColor({ nodata, masked, dataType }: ChannelInfo, { clear }: Palette): boolean {
  return nodata !== null || masked || isFloat(dataType) || clear !== undefined;
}

function colorChannels(channel: ChannelInfo, palette: Palette, several: boolean): readonly ChannelInfo[] {
  return COMPONENTS.map((component, sample): ChannelInfo => {
    const name = several ? `${channel.name} ${component}` : component;
    // What is said of the code says nothing of its colors.
    return {
      ...channel,
      ...{
        index: channel.index * PARTS + 1 + sample,
        name,
        dataType: palette.type,
        masked: canLackColor(channel, palette),
      },
      ...{ nodata: null, window: null, color: null, unit: null, scale: 1, offset: 0 },
      ...{ derived: true, kind: "continuous", classes: null },
    };
  });
}

/** The same with names and colors that are told elsewhere, which go before those of the palette. */
function withNames(classes: readonly ChannelClass[], named: readonly ChannelClass[] | null): readonly ChannelClass[] {
  if (named === null) return classes;
  const all = new Map([...classes, ...named].map((one) => [one.value, one]));
  for (const { value, color } of classes) {
    const told = all.get(value);
    all.set(value, { value, name: told?.name ?? null, color: told?.color ?? color });
  }
  return [...all.values()].sort((a, b) => a.value - b.value);
}

/** A color for each code. The black ones at the end stand for codes that are not used: a palette has a color for each that there could be. */
function classesOf({ type, colors: [red, green, blue], clear }: Palette): readonly ChannelClass[] {
  const isUsed = (at: number) => (red[at] ?? 0) + (green[at] ?? 0) + (blue[at] ?? 0) > 0;
  let length = red.length;
  while (length > 1 && !isUsed(length - 1)) length--;
  const byte = (value = 0) => (type === "uint16" ? value >> 8 : value).toString(16).padStart(2, "0");
  return Array.from({ length }, (_, value): ChannelClass => {
    const color = clear?.has(value) ? null : `#${byte(red[value])}${byte(green[value])}${byte(blue[value])}`;
    return { value, name: null, color };
  });
}
