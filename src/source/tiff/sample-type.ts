import type { DataType } from "../../core/dtype.ts";
import { unreadable } from "../unreadable.ts";
import type { Directory } from "./directory.ts";

const UNSIGNED: ReadonlyMap<number, DataType> = new Map([
  [1, "bit"],
  [8, "uint8"],
  [16, "uint16"],
  [32, "uint32"],
]);
const SIGNED: ReadonlyMap<number, DataType> = new Map([
  [8, "int8"],
  [16, "int16"],
  [32, "int32"],
]);
const FLOAT: ReadonlyMap<number, DataType> = new Map([
  [16, "float16"],
  [32, "float32"],
  [64, "float64"],
]);

/** By value of the SampleFormat tag; undefined (4) is read as unsigned. */
const FORMATS: readonly { readonly name: string; readonly types: ReadonlyMap<number, DataType> }[] = [
  { name: "unsigned", types: UNSIGNED },
  { name: "unsigned", types: UNSIGNED },
  { name: "signed", types: SIGNED },
  { name: "float", types: FLOAT },
  { name: "unsigned", types: UNSIGNED },
];

/** The one type of all samples; files that mix types are refused. */
export async function readSampleType(directory: Directory, tags: SampleTags, samples: number): Promise<SampleType> {
  const bits = await uniform(directory, tags.bitsPerSample, samples, 1, "BitsPerSample");
  const format = await uniform(directory, tags.sampleFormat, samples, 1, "SampleFormat");
  const known = FORMATS[format];
  if (!known)
    throw unreadable(
      `its sample format ${format} is not supported (complex numbers are 5 and 6); write their parts or magnitudes as floats`,
    );
  const dataType = known.types.get(bits);
  if (!dataType)
    throw unreadable(`its ${bits}-bit ${known.name} samples are not supported; ${remedy(bits, known.types)}`);
  return { dataType, bits };
}

/** The next wider type, as GDAL makes it; beyond 32 bits floats, which are exact below 2^53. */
function remedy(bits: number, types: ReadonlyMap<number, DataType>): string {
  const wider = [...types].find(([one]) => one >= 8 && one > bits);
  if (!wider) return "convert it: gdal_translate -ot Float64";
  const [wide, type] = wider;
  return `convert it: gdal_translate -ot ${GDAL_TYPES.get(type) ?? "Float64"} -co NBITS=${wide}`;
}

const GDAL_TYPES: ReadonlyMap<DataType, string> = new Map([
  ["uint8", "Byte"],
  ["int8", "Int8"],
  ["uint16", "UInt16"],
  ["int16", "Int16"],
  ["uint32", "UInt32"],
  ["int32", "Int32"],
  ["float16", "Float32"],
  ["float32", "Float32"],
]);

export interface SampleType {
  readonly dataType: DataType;
  readonly bits: number;
}

interface SampleTags {
  readonly bitsPerSample: number;
  readonly sampleFormat: number;
}

async function uniform(
  directory: Directory,
  tag: number,
  samples: number,
  missing: number,
  name: string,
): Promise<number> {
  const values = await directory.numbers(tag, samples);
  const [first = missing] = values ?? [];
  if (values?.some((value) => value !== first)) throw unreadable(`its channels differ in ${name}`);
  return first;
}
