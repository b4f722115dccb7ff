/** First bytes of every file: magic string and format version 1.0 (NEP 1). */
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0];

/** The data begins on a multiple of this. */
const HEADER_ALIGNMENT = 64;

/**
 * numpy's .npy: little-endian float32 in C order, shape (height, width) for one plane, (planes, height, width) for more.
 * `values` holds the planes one after the other.
 */
export function encodeNpy(values: Float32Array, planes: number, width: number, height: number): Uint8Array {
  const shape = planes === 1 ? `${height}, ${width}` : `${planes}, ${height}, ${width}`;
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }`;
  const prefix = MAGIC.length + 2;
  const headerBytes = Math.ceil((prefix + text.length + 1) / HEADER_ALIGNMENT) * HEADER_ALIGNMENT;
  const file = new Uint8Array(headerBytes + values.byteLength);
  file.set(MAGIC);
  new DataView(file.buffer).setUint16(MAGIC.length, headerBytes - prefix, true);
  file.set(new TextEncoder().encode(`${text.padEnd(headerBytes - prefix - 1)}\n`), prefix);
  // The platforms of Node and of WebAssembly are little-endian; a plain copy is the file's order.
  file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), headerBytes);
  return file;
}
