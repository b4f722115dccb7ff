/** What ImageJ writes beside its description (`TiffEncoder`, `TiffDecoder`: tags 50838 and 50839). Text is decoded, the rest as stored. */
export interface ImageJBlocks {
  readonly info: string | null;
  /** One a plane, empty where it has none. */
  readonly labels: readonly string[];
  /** Least and greatest value shown of the first channel, of the second … */
  readonly ranges: readonly number[];
  /** 256 reds, 256 greens, 256 blues for each channel. */
  readonly luts: readonly Uint8Array[];
  /** It holds regions or drawings that lie over the image. */
  readonly hasOverlay: boolean;
}

const MAGIC = "IJIJ";
const NUMBER_BYTES = 4;
/** A type and how many blocks it has. */
const ENTRY_BYTES = 8;
const DOUBLE_BYTES = 8;
const OVERLAYS: readonly string[] = ["roi ", "over"];

/**
 * The blocks of tag 50839, whose lengths are in tag 50838: the first is a list of types with their number of blocks, which follow one
 * after the other. Null: they contradict each other, or end too early. Nothing is copied.
 */
export function parseImageJBlocks(lengths: readonly number[], bytes: Uint8Array): ImageJBlocks | null {
  const [headerBytes = 0] = lengths;
  const littleEndian = orderOf(bytes);
  const areLengths = lengths.every((length) => Number.isInteger(length) && length >= 0);
  if (littleEndian === null || !areLengths || headerBytes > bytes.length) return null;
  const header = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const found = new Map<string, readonly Uint8Array[]>();
  let next = 1;
  let at = headerBytes;
  for (let entry = NUMBER_BYTES; entry + ENTRY_BYTES <= headerBytes; entry += ENTRY_BYTES) {
    const count = header.getUint32(entry + NUMBER_BYTES, littleEndian);
    const own = lengths.slice(next, next + count);
    const ends = own.map((length) => {
      at += length;
      return at;
    });
    if (own.length < count || at > bytes.length) return null;
    found.set(
      codeAt(header, entry, littleEndian),
      ends.map((end, index) => bytes.subarray(end - (own[index] ?? 0), end)),
    );
    next += count;
  }
  const text = new TextDecoder(littleEndian ? "utf-16le" : "utf-16be");
  const [info] = found.get("info") ?? [];
  return {
    info: info ? text.decode(info) : null,
    labels: (found.get("labl") ?? []).map((label) => text.decode(label)),
    ranges: doubles(found.get("rang")?.[0], littleEndian),
    luts: found.get("luts") ?? [],
    hasOverlay: OVERLAYS.some((type) => found.has(type)),
  };
}

/** Of the file that wrote it: a copy in the other byte order keeps these bytes. Null: it is none of ImageJ's. */
function orderOf(bytes: Uint8Array): boolean | null {
  if (bytes.length < NUMBER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, NUMBER_BYTES);
  return [true, false].find((littleEndian) => codeAt(view, 0, littleEndian) === MAGIC) ?? null;
}

/** Four letters that are stored as one number. */
function codeAt(view: DataView, at: number, littleEndian: boolean): string {
  const code = view.getUint32(at, littleEndian);
  return String.fromCharCode(...[24, 16, 8, 0].map((shift) => (code >>> shift) & 0xff));
}

function doubles(bytes: Uint8Array | undefined, littleEndian: boolean): readonly number[] {
  if (!bytes) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = Math.floor(bytes.length / DOUBLE_BYTES);
  return Array.from({ length: count }, (_, index) => view.getFloat64(index * DOUBLE_BYTES, littleEndian));
}
