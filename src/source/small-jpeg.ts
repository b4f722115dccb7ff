import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { JpegFrame } from "./tiff/codec/jpeg-frame.ts";
import { unreadable } from "./unreadable.ts";

/**
 * Beyond so many samples sharp takes less of a processor: it costs 0.6 ms a picture whatever its size, and its loops have vectors.
 * Measured: 0.73 and 1.02 ms for RGB of 256², equal at 384², 2.9 and 2.4 ms at 512².
 */
const MAX_SAMPLES = 400_000;
/** Memory that is kept from one picture to the next, bytes. Most need less than one MiB. */
const KEPT_BYTES = 4 * 2 ** 20;
/** TJPF_GRAY, TJPF_RGB, TJPF_CMYK, by components. */
const PIXEL_FORMATS: ReadonlyMap<number, number> = new Map([
  [1, 6],
  [3, 0],
  [4, 11],
]);
/** No flag: the accurate integer DCT, and chroma interpolated. */
const FLAGS = 0;

/** What the library exports of turbojpeg.h; numbers are addresses, sizes and codes, and 0 says that all went well. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  malloc(bytes: number): number;
  free(address: number): void;
  tjInitDecompress(): number;
  tjDestroy(handle: number): number;
  tjDecompressHeader3(handle: number, jpeg: number, bytes: number, ...results: HeaderAddresses): number;
  tjDecompress2(handle: number, jpeg: number, bytes: number, to: number, ...how: Layout): number;
}
type HeaderAddresses = [width: number, height: number, subsampling: number, colourspace: number];
type Layout = [width: number, pitch: number, height: number, format: number, flags: number];

type Frame = Pick<JpegFrame, "width" | "height" | "components" | "arithmetic">;

let library: WebAssembly.Module | null | undefined;
let decoder: SmallDecoder | null = null;

/** Whether `decodeSmallJpeg` takes pictures of this kind. What it does not take is for sharp, which gives the same samples. */
export function isSmallJpeg({ width, height, components, arithmetic }: Frame): boolean {
  if (arithmetic || !PIXEL_FORMATS.has(components) || width * height * components > MAX_SAMPLES) return false;
  if (library === undefined) library = load();
  return library !== null;
}

/**
 * Interleaved samples of a whole JPEG stream, exactly as libtiff, Pillow and sharp decode them: gray, RGB, or CMYK as it is stored. A view that
 * is good until the next call. SOURCE_UNREADABLE for a stream that is damaged in any way, or of another size than its frame.
 */
export function decodeSmallJpeg(stream: Uint8Array, frame: Frame): Uint8Array {
  if (!library || !isSmallJpeg(frame)) throw new RangeError("This JPEG is one for sharp.");
  const used = decoder ?? new SmallDecoder(library);
  // After an error its memory is in no known state.
  decoder = null;
  try {
    const samples = used.decode(stream, frame);
    if (used.bytes <= KEPT_BYTES) decoder = used;
    return samples;
  } catch (error) {
    throw unreadable("the JPEG stream of a tile is damaged", error);
  }
}

/** libjpeg-turbo as WebAssembly; null where its package is left out. */
function load(): WebAssembly.Module | null {
  const path = find();
  return path === null ? null : new WebAssembly.Module(readFileSync(path));
}

function find(): string | null {
  const require = createRequire(import.meta.url);
  try {
    return require.resolve("@cwasm/jpeg-turbo/jpeg-turbo.wasm");
  } catch {
    return null;
  }
}

/** One instance of the library, with room for the largest small picture. It is good until something fails. */
class SmallDecoder {
  readonly #library: Exports;
  readonly #header: number;
  readonly #output: number;

  constructor(module: WebAssembly.Module) {
    const { exports } = new WebAssembly.Instance(module, IMPORTS);
    this.#library = exports as unknown as Exports;
    this.#header = this.#room(4 * Int32Array.BYTES_PER_ELEMENT);
    this.#output = this.#room(MAX_SAMPLES);
  }

  get bytes(): number {
    return this.#library.memory.buffer.byteLength;
  }

  decode(stream: Uint8Array, { width, height, components }: Frame): Uint8Array {
    const { memory, free, tjInitDecompress, tjDecompress2, tjDestroy } = this.#library;
    const input = this.#room(stream.length);
    new Uint8Array(memory.buffer, input, stream.length).set(stream);
    // One for each stream: it keeps tables, which a stream without its own would be decoded with.
    const handle = tjInitDecompress();
    this.#checkSize(handle, input, stream.length, width, height);
    const layout: Layout = [width, width * components, height, PIXEL_FORMATS.get(components) ?? 0, FLAGS];
    if (tjDecompress2(handle, input, stream.length, this.#output, ...layout) !== 0)
      throw new Error("libjpeg-turbo warns of the stream");
    tjDestroy(handle);
    free(input);
    return new Uint8Array(memory.buffer, this.#output, width * height * components);
  }

  /** Of a handle that could not be made the library says that it is none. */
  #checkSize(handle: number, input: number, bytes: number, width: number, height: number): void {
    const { memory, tjDecompressHeader3 } = this.#library;
    const at = this.#header;
    if (tjDecompressHeader3(handle, input, bytes, at, at + 4, at + 8, at + 12) !== 0)
      throw new Error("libjpeg-turbo refuses the header");
    const [foundWidth, foundHeight] = new Int32Array(memory.buffer, at, 2);
    if (foundWidth !== width || foundHeight !== height) throw new Error("the stream has two sizes");
  }

  #room(bytes: number): number {
    const address = this.#library.malloc(bytes);
    if (address === 0) throw new Error("libjpeg-turbo has no memory left");
    return address;
  }
}

const nothing = () => 0;

/** libjpeg leaves its code by longjmp where a stream is damaged. The library's other wishes are of messages to a terminal. */
const IMPORTS = {
  env: {
    setjmp: nothing,
    longjmp: () => {
      throw new Error("libjpeg-turbo gives up the stream");
    },
  },
  wasi_snapshot_preview1: {
    ...{ proc_exit: nothing, environ_sizes_get: nothing, environ_get: nothing },
    ...{ fd_close: nothing, fd_seek: nothing, fd_write: nothing },
  },
};
