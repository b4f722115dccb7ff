/**
 * BigTIFF directories as bytes (https://www.awaresystems.be/imaging/tiff/bigtiff.html): little-endian, 8-byte counts and offsets.
 * Values of at most 8 bytes stand in the entry itself.
 */

/** Field types of TIFF 6.0 and BigTIFF that we write. */
export const FIELD = {
  ascii: 2,
  short: 3,
  long: 4,
  rational: 5,
  undefined: 7,
  double: 12,
  long8: 16,
  ifd8: 18,
} as const;
export type NumericField = Exclude<keyof typeof FIELD, "ascii">;

const FIELD_BYTES: Readonly<Record<NumericField, 1 | 2 | 4 | 8>> = {
  undefined: 1,
  short: 2,
  long: 4,
  rational: 8,
  double: 8,
  long8: 8,
  ifd8: 8,
};

/** Denominator of every rational: positive numbers from 0.001 to 4 million keep three decimals. */
const RATIONAL_DENOMINATOR = 1000;

export type FieldValue =
  | { readonly type: "ascii"; readonly text: string }
  | { readonly type: NumericField; readonly values: ArrayLike<number> }
  /** An array that lies elsewhere in the file. */
  | { readonly type: NumericField; readonly count: number; readonly offset: number };

export interface DirectorySpec {
  /** By tag number; order does not matter. */
  readonly fields: ReadonlyMap<number, FieldValue>;
  /** Directories that this one points to by SubIFDs. */
  readonly children: readonly DirectorySpec[];
}

const HEADER_BYTES = 16;
const ENTRY_BYTES = 20;
const INLINE_BYTES = 8;
const SUB_IFDS = 330;

/** Whether an array of so many numbers stands in its entry. */
export function isInline(type: NumericField, count: number): boolean {
  return FIELD_BYTES[type] * count <= INLINE_BYTES;
}

/** The numbers as a file holds them. */
export function encodeNumbers(type: NumericField, values: ArrayLike<number>): Uint8Array {
  const size = FIELD_BYTES[type];
  const bytes = new Uint8Array(size * values.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (size === 1) bytes[i] = value;
    else if (size === 2) view.setUint16(i * 2, value, true);
    else if (size === 4) view.setUint32(i * 4, value, true);
    else if (type === "double") view.setFloat64(i * 8, value, true);
    else if (type === "rational") {
      view.setUint32(i * 8, Math.round(value * RATIONAL_DENOMINATOR), true);
      view.setUint32(i * 8 + 4, RATIONAL_DENOMINATOR, true);
    } else view.setBigUint64(i * 8, BigInt(value), true);
  }
  return bytes;
}

/**
 * Header, chain of directories, their children and short values: the head of a file, to be written at offset 0.
 * Its length depends on the fields' types and counts alone, never on offsets, so it can be reserved before they are known.
 */
export function encodeHead(directories: readonly DirectorySpec[]): Uint8Array {
  const head = new Head(directories.reduce((sum, directory) => sum + directoryBytes(directory), HEADER_BYTES));
  head.header();
  directories.forEach((directory, index) => {
    head.chained(directory, index === directories.length - 1);
  });
  return head.bytes;
}

function directoryBytes(directory: DirectorySpec): number {
  const fields = withChildren(directory, directory.children);
  const outside = [...fields.values()].reduce((sum, field) => sum + aligned(outsideBytes(field)), 0);
  const children = directory.children.reduce((sum, child) => sum + directoryBytes(child), 0);
  return 8 + fields.size * ENTRY_BYTES + 8 + outside + children;
}

/** Bytes of a value that follow the directory. */
function outsideBytes(field: FieldValue): number {
  if ("offset" in field) return 0;
  const bytes =
    field.type === "ascii" ? Buffer.byteLength(field.text) + 1 : FIELD_BYTES[field.type] * field.values.length;
  return bytes <= INLINE_BYTES ? 0 : bytes;
}

function valueBytes(field: Exclude<FieldValue, { offset: number }>): Uint8Array {
  return field.type === "ascii" ? new TextEncoder().encode(`${field.text}\0`) : encodeNumbers(field.type, field.values);
}

/** The fields with a SubIFDs entry that is as long as it will be; its offsets are those given, else 0. */
function withChildren(
  directory: DirectorySpec,
  offsets: { readonly length: number; readonly [index: number]: unknown },
): Map<number, FieldValue> {
  const fields = new Map(directory.fields);
  if (directory.children.length === 0) return fields;
  const values = Array.from(offsets, (offset) => (typeof offset === "number" ? offset : 0));
  return fields.set(SUB_IFDS, { type: "ifd8", values });
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** The bytes under construction. Every directory is followed by its long values, then by its children. */
class Head {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #end = HEADER_BYTES;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  header(): void {
    this.bytes.set([0x49, 0x49, 43, 0, 8, 0, 0, 0]);
    this.#offset(8, HEADER_BYTES);
  }

  chained(directory: DirectorySpec, last: boolean): void {
    const start = this.#end;
    const next = start + directoryBytes(directory);
    this.#directory(directory, last ? 0 : next);
  }

  #directory(directory: DirectorySpec, next: number): void {
    const start = this.#end;
    const total = directoryBytes(directory);
    const childBytes = directory.children.map(directoryBytes);
    let child = start + total - childBytes.reduce((sum, bytes) => sum + bytes, 0);
    const childOffsets = childBytes.map((bytes) => {
      child += bytes;
      return child - bytes;
    });
    const fields = [...withChildren(directory, childOffsets)].sort(([a], [b]) => a - b);
    this.#offset(start, fields.length);
    this.#end = start + 8 + fields.length * ENTRY_BYTES + 8;
    this.#offset(this.#end - 8, next);
    fields.forEach(([tag, field], index) => {
      this.#entry(start + 8 + index * ENTRY_BYTES, tag, field);
    });
    for (const sub of directory.children) this.#directory(sub, 0);
  }

  #entry(at: number, tag: number, field: FieldValue): void {
    this.#view.setUint16(at, tag, true);
    this.#view.setUint16(at + 2, FIELD[field.type], true);
    if ("offset" in field) {
      this.#offset(at + 4, field.count);
      this.#offset(at + 12, field.offset);
      return;
    }
    const bytes = valueBytes(field);
    this.#offset(at + 4, field.type === "ascii" ? bytes.length : field.values.length);
    if (bytes.length <= INLINE_BYTES) {
      this.bytes.set(bytes, at + 12);
      return;
    }
    this.#offset(at + 12, this.#end);
    this.bytes.set(bytes, this.#end);
    this.#end += aligned(bytes.length);
  }

  #offset(at: number, value: number): void {
    this.#view.setBigUint64(at, BigInt(value), true);
  }
}
