import { isFloat, type PlaneType, planeBytes } from "../../core/dtype.ts";
import type { Size } from "../../core/geometry.ts";
import type { PixelSize } from "../types.ts";
import type { FieldValue } from "./write-directory.ts";

export const WRITE_TAG = {
  newSubfileType: 254,
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  imageDescription: 270,
  samplesPerPixel: 277,
  planarConfiguration: 284,
  xResolution: 282,
  yResolution: 283,
  resolutionUnit: 296,
  software: 305,
  predictor: 317,
  colorMap: 320,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
  ycbcrSubsampling: 530,
  referenceBlackWhite: 532,
  modelPixelScale: 33550,
  modelTiepoint: 33922,
  modelTransformation: 34264,
  iccProfile: 34675,
  geoKeyDirectory: 34735,
  geoDoubles: 34736,
  geoAscii: 34737,
  gdalMetadata: 42112,
  gdalNodata: 42113,
} as const;

export type TiffCompression = "deflate" | "zstd" | "jpeg";
const COMPRESSION: Readonly<Record<TiffCompression, number>> = { jpeg: 7, deflate: 8, zstd: 50000 };

const PREDICTOR = { differences: 2, floatingPoint: 3 } as const;
const REDUCED_RESOLUTION = 1;
const BLACK_IS_ZERO = 1;

export type Fields = Map<number, FieldValue>;

export interface LevelFields {
  readonly size: Size;
  readonly reduced: boolean;
  readonly tileSize: number;
  readonly type: PlaneType;
  readonly samples: number;
  /** The samples of a pixel lie side by side; else each is a plane, one after the other. */
  readonly interleaved?: boolean;
  readonly compression: TiffCompression;
}

/** What every directory of ours says of its pixels, all but where they lie. */
export function levelFields(level: LevelFields): Fields {
  const { size, reduced, tileSize, type, samples, interleaved = false, compression } = level;
  const predictor = isFloat(type) ? PREDICTOR.floatingPoint : PREDICTOR.differences;
  return new Map<number, FieldValue>([
    [WRITE_TAG.newSubfileType, long(reduced ? REDUCED_RESOLUTION : 0)],
    [WRITE_TAG.imageWidth, long(size.width)],
    [WRITE_TAG.imageLength, long(size.height)],
    [WRITE_TAG.bitsPerSample, shorts(samples, 8 * planeBytes(type))],
    [WRITE_TAG.compression, short(COMPRESSION[compression])],
    [WRITE_TAG.photometric, short(BLACK_IS_ZERO)],
    [WRITE_TAG.samplesPerPixel, short(samples)],
    [WRITE_TAG.planarConfiguration, short(samples > 1 && !interleaved ? 2 : 1)],
    // JPEG has its own.
    ...(compression === "jpeg" ? [] : [[WRITE_TAG.predictor, short(predictor)] as const]),
    [WRITE_TAG.tileWidth, long(tileSize)],
    [WRITE_TAG.tileLength, long(tileSize)],
    [WRITE_TAG.sampleFormat, shorts(samples, sampleFormat(type))],
  ]);
}

function sampleFormat(type: PlaneType): number {
  if (isFloat(type)) return 3;
  return type.startsWith("u") ? 1 : 2;
}

export function short(...values: readonly number[]): FieldValue {
  return { type: "short", values };
}

export function long(value: number): FieldValue {
  return { type: "long", values: [value] };
}

export function double(...values: readonly number[]): FieldValue {
  return { type: "double", values };
}

export function ascii(text: string): FieldValue {
  return { type: "ascii", text };
}

export function shorts(count: number, value: number): FieldValue {
  return { type: "short", values: new Array<number>(count).fill(value) };
}

/** Centimetres in one of each unit that a resolution can be told in. */
const CENTIMETRES: Readonly<Record<string, number>> = { nm: 1e-7, µm: 1e-4, mm: 0.1, cm: 1, m: 100, km: 1e5, in: 2.54 };
const PER_CENTIMETRE = 3;
/** Of a rational with three decimals. */
const LARGEST_RESOLUTION = 4e6;

/** Pixels per centimetre (TIFF 6.0 section 8); nothing where they are too small or too large to be told so. */
export function resolutionFields({ x, y, unit }: PixelSize): Fields {
  const centimetres = CENTIMETRES[unit] ?? Number.NaN;
  const [horizontal, vertical] = [1 / (x * centimetres), 1 / (y * centimetres)];
  const tells = (resolution: number) => resolution >= 1 && resolution <= LARGEST_RESOLUTION;
  if (!tells(horizontal) || !tells(vertical)) return new Map();
  return new Map<number, FieldValue>([
    [WRITE_TAG.xResolution, { type: "rational", values: [horizontal] }],
    [WRITE_TAG.yResolution, { type: "rational", values: [vertical] }],
    [WRITE_TAG.resolutionUnit, short(PER_CENTIMETRE)],
  ]);
}
