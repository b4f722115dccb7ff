/** How samples are stored in a file. */
export const DATA_TYPES = [
  "bit",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "uint32",
  "int32",
  "float16",
  "float32",
  "float64",
] as const;
export type DataType = (typeof DATA_TYPES)[number];

/** How samples lie in memory after decoding, little-endian: `bit` widens to uint8, `float16` to float32. */
export type PlaneType = Exclude<DataType, "bit" | "float16">;

const PLANE_BYTES: Record<PlaneType, 1 | 2 | 4 | 8> = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
  float64: 8,
};

/** The lossless in-memory type of a stored type. */
export function planeTypeOf(type: DataType): PlaneType {
  if (type === "bit") return "uint8";
  if (type === "float16") return "float32";
  return type;
}

/** Bytes of one sample in memory. */
export function planeBytes(type: PlaneType): 1 | 2 | 4 | 8 {
  return PLANE_BYTES[type];
}

/** Inclusive range of finite values that a stored type can hold. */
export function valueRange(type: DataType): readonly [min: number, max: number] {
  switch (type) {
    case "bit":
      return [0, 1];
    case "uint8":
      return [0, 255];
    case "int8":
      return [-128, 127];
    case "uint16":
      return [0, 65535];
    case "int16":
      return [-32768, 32767];
    case "uint32":
      return [0, 4294967295];
    case "int32":
      return [-2147483648, 2147483647];
    case "float16":
      return [-65504, 65504];
    case "float32":
      return [-3.4028234663852886e38, 3.4028234663852886e38];
    case "float64":
      return [-Number.MAX_VALUE, Number.MAX_VALUE];
  }
}

export function isFloat(type: DataType): boolean {
  return type === "float16" || type === "float32" || type === "float64";
}

type PlaneArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

const ARRAYS = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** A typed view of `length` samples at `byteOffset`, which must be aligned to the sample size. */
export function planeView(type: PlaneType, buffer: ArrayBuffer, byteOffset: number, length: number): PlaneArray {
  return new ARRAYS[type](buffer, byteOffset, length);
}

/** The number that means opaque in an alpha of this type. */
export function fullOpacity(type: DataType): number {
  return isFloat(type) ? 1 : valueRange(type)[1];
}
