import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { LRUCache } from "lru-cache";
import { hasTag } from "../color-profile.ts";
import { blackOf, MEASURE, srgbBelow, type Xyz } from "./destination.ts";

/** Memory that a profile can make the library take, bytes: those of printers need 20 MiB, most of it the library's own stack. */
const MAX_MEMORY = 128 * 2 ** 20;
const PAGE_BYTES = 65_536;
/** Pixels that are converted at a time. */
const SLICE = 65_536;
/** What is made of profiles takes up to a few MiB each. */
const KEPT_TRANSFORMS = 8;

/** Color spaces by their number in formats of pixels (lcms2.h, PT_GRAY …) and their signature in profiles; what is darkest in them. */
const SPACES = {
  gray: { format: 3, samples: 1, signature: "GRAY", black: 0 },
  rgb: { format: 4, samples: 3, signature: "RGB ", black: 0 },
  cmyk: { format: 6, samples: 4, signature: "CMYK", black: 0xffff },
  lab: { format: 10, samples: 3, signature: "Lab ", black: 0 },
} as const;
export type ColorSpace = keyof typeof SPACES;

/** INTENT_PERCEPTUAL, as libvips and sharp convert: what has but a matrix is converted as by relative colorimetric. */
const INTENT = 0;
/**
 * How 16 bits are converted: the library's own table of 33³ colors is up to 20 levels off in shadows, and 90 where colors leave sRGB. Curves are
 * gone through one by one (cmsFLAGS_NOOPTIMIZE); a profile's table is followed by one that is bent as it is (cmsFLAGS_CLUT_PRE_LINEARIZATION).
 */
const EXACT = 0x100;
const BENT = 0x10;
/** Of gray: 0 is white. */
const NEGATIVE = 1 << 13;

/** Of the header, its first byte. The library puts the black of version 4 where it belongs, which is the same for all; below it each has its own. */
const VERSION_AT = 8;
const FIXED_BLACK_VERSION = 4;

/** What is converted to sRGB of 8 bits. */
export interface Conversion {
  /** The same for equal ones. */
  readonly key: string;
  readonly space: ColorSpace;
  readonly type: "uint8" | "uint16";
  readonly isNegative: boolean;
  /** Null: L*a*b* of the ICC (D50), which needs none. */
  readonly profile: Uint8Array | null;
}

/** What the library exports of lcms2.h; numbers are addresses (0: refused), sizes and codes. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  __wasm_call_ctors(): void;
  malloc(bytes: number): number;
  free(address: number): void;
  cmsOpenProfileFromMem(address: number, bytes: number): number;
  cmsCreateLab4Profile(whitePoint: number): number;
  cmsCreate_sRGBProfile(): number;
  cmsCloseProfile(profile: number): number;
  cmsGetColorSpace(profile: number): number;
  cmsCreateTransform(from: number, fromFormat: number, to: number, toFormat: number, ...how: [number, number]): number;
  cmsDeleteTransform(transform: number): void;
  cmsDoTransform(transform: number, from: number, to: number, pixels: number): void;
}

let library: WebAssembly.Module | undefined;
let instance: LittleCms | null = null;

/** Why a profile is not applied, as a part of a sentence. */
export type Refusal =
  | "it is damaged, or of a kind that converts nothing"
  | "it is damaged"
  | "it is of another color space than the samples";

/** One instance of LittleCMS in a thread. After an error its memory is in no known state: it is left, and the next call has a new one. */
export function withLittleCms<T>(use: (cms: LittleCms) => T): T {
  const used = instance ?? new LittleCms();
  instance = null;
  const result = use(used);
  instance = used;
  return result;
}

export class LittleCms {
  readonly #library: Exports;
  readonly #input: number;
  readonly #output: number;
  readonly #transforms: LRUCache<string, number>;

  constructor() {
    const require = createRequire(import.meta.url);
    library ??= new WebAssembly.Module(readFileSync(require.resolve("lcms-wasm/dist/lcms.wasm")));
    this.#library = instantiate(library);
    this.#input = this.#room(SLICE * SPACES.cmyk.samples * Uint16Array.BYTES_PER_ELEMENT);
    this.#output = this.#room(SLICE * SPACES.rgb.samples);
    const { cmsDeleteTransform } = this.#library;
    this.#transforms = new LRUCache({ max: KEPT_TRANSFORMS, dispose: (transform) => cmsDeleteTransform(transform) });
  }

  /** Why a conversion cannot be made; null: it can. Throws where the library gives up. */
  refusal(conversion: Conversion): Refusal | null {
    const space = this.#opened(conversion.profile, (profile) => profile && this.#library.cmsGetColorSpace(profile));
    if (space === 0) return "it is damaged";
    if (space !== signatureOf(SPACES[conversion.space].signature))
      return "it is of another color space than the samples";
    return this.#transform(conversion) === 0 ? "it is damaged, or of a kind that converts nothing" : null;
  }

  /**
   * Pixels slice by slice: `fill` writes the samples of pixels from pixel `start` on, `use` takes red, green and blue of each. What both get is
   * good until they return. Throws where the library refuses or gives up.
   */
  convert(
    conversion: Conversion,
    pixels: number,
    fill: (samples: Uint8ClampedArray | Uint16Array, start: number) => void,
    use: (colors: Uint8Array, start: number) => void,
  ): void {
    const transform = this.#transform(conversion);
    if (transform === 0) throw new Error("LittleCMS refuses the profile");
    const { memory, cmsDoTransform } = this.#library;
    const type = conversion.type === "uint16" ? Uint16Array : Uint8ClampedArray;
    const { samples } = SPACES[conversion.space];
    for (let start = 0; start < pixels; start += SLICE) {
      const count = Math.min(SLICE, pixels - start);
      fill(new type(memory.buffer as ArrayBuffer, this.#input, samples * count), start);
      cmsDoTransform(transform, this.#input, this.#output, count);
      // The view is made anew: what was converted may have grown the memory.
      use(new Uint8Array(memory.buffer, this.#output, SPACES.rgb.samples * count), start);
    }
  }

  /** 0: refused. */
  #transform(conversion: Conversion): number {
    const known = this.#transforms.get(conversion.key);
    if (known !== undefined) return known;
    const made = this.#opened(conversion.profile, (handle) => (handle === 0 ? 0 : this.#made(conversion, handle)));
    if (made !== 0) this.#transforms.set(conversion.key, made);
    return made;
  }

  #made(conversion: Conversion, profile: number): number {
    const { space, type, isNegative } = conversion;
    const { cmsCreate_sRGBProfile, cmsCreateTransform, cmsCloseProfile } = this.#library;
    const black = this.#black(conversion, profile);
    const srgb = black ? this.#open(srgbBelow(black)) : cmsCreate_sRGBProfile();
    const from = formatOf(space, type === "uint16" ? 2 : 1) | (isNegative ? NEGATIVE : 0);
    const transform = cmsCreateTransform(profile, from, srgb, formatOf("rgb", 1), INTENT, precisionOf(conversion));
    cmsCloseProfile(srgb);
    return transform;
  }

  /** The darkest color of a profile of version 2; null: the library finds it, or it is 0. */
  #black({ space, profile: bytes }: Conversion, profile: number): Xyz | null {
    if (!bytes || (bytes[VERSION_AT] ?? 0) >= FIXED_BLACK_VERSION) return null;
    const { memory, cmsCreateTransform, cmsDoTransform, cmsDeleteTransform, cmsCloseProfile } = this.#library;
    const measure = this.#open(MEASURE);
    const transform = cmsCreateTransform(profile, formatOf(space, 2), measure, formatOf("rgb", 2), INTENT, EXACT);
    cmsCloseProfile(measure);
    if (transform === 0) return null;
    const { samples, black } = SPACES[space];
    new Uint16Array(memory.buffer, this.#input, samples).fill(black);
    cmsDoTransform(transform, this.#input, this.#output, 1);
    cmsDeleteTransform(transform);
    const found = blackOf(new Uint16Array(memory.buffer, this.#output, SPACES.rgb.samples));
    return found.every((one) => one === 0) ? null : found;
  }

  #opened<T>(bytes: Uint8Array | null, use: (profile: number) => T): T {
    const { cmsCreateLab4Profile, cmsCloseProfile } = this.#library;
    const profile = bytes ? this.#open(bytes) : cmsCreateLab4Profile(0);
    const result = use(profile);
    if (profile !== 0) cmsCloseProfile(profile);
    return result;
  }

  /** The library copies the bytes. */
  #open(bytes: Uint8Array): number {
    const address = this.#room(bytes.length);
    new Uint8Array(this.#library.memory.buffer, address, bytes.length).set(bytes);
    const profile = this.#library.cmsOpenProfileFromMem(address, bytes.length);
    this.#library.free(address);
    return profile;
  }

  #room(bytes: number): number {
    const address = this.#library.malloc(bytes);
    if (address === 0) throw new Error("LittleCMS has no memory left");
    return address;
  }
}

/** Samples of a pixel beside each other (lcms2.h, COLORSPACE_SH, CHANNELS_SH, BYTES_SH): of planes the library makes a coarser table. */
function formatOf(space: ColorSpace, bytes: 1 | 2): number {
  const { format, samples } = SPACES[space];
  return (format << 16) | (samples << 3) | bytes;
}

/** Of 8 bits, and of inks, the library's table is good. */
function precisionOf({ space, type, profile }: Conversion): number {
  if (type === "uint8" || space === "cmyk") return 0;
  return profile && hasTag(profile, "A2B0") ? BENT : EXACT;
}

function signatureOf(text: string): number {
  return Buffer.from(text, "latin1").readInt32BE();
}

/** Of what emscripten's code asks for, profiles need memory alone: time, files and a terminal are not for them. */
function instantiate(module: WebAssembly.Module): Exports {
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = () => {
      throw new Error(`LittleCMS gives up: ${name}`);
    };
  }
  const memory = () => exports.memory;
  Object.assign(imports.env ?? {}, {
    emscripten_memcpy_js: (to: number, from: number, bytes: number) =>
      new Uint8Array(memory().buffer).copyWithin(to, from, from + bytes),
    emscripten_resize_heap: (bytes: number) => Number(grow(memory(), bytes >>> 0)),
    // The moment at which a profile is made is written into it, and read by nobody.
    ...{ emscripten_date_now: () => 0, _tzset_js: () => {}, _gmtime_js: () => {} },
  });
  const exports = new WebAssembly.Instance(module, imports).exports as unknown as Exports;
  exports.__wasm_call_ctors();
  return exports;
}

function grow(memory: WebAssembly.Memory, bytes: number): boolean {
  if (bytes > MAX_MEMORY) return false;
  memory.grow(Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES));
  return true;
}
