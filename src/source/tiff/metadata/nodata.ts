import { type DataType, isFloat, valueRange } from "../../../core/dtype.ts";
import { type ImageWarning, imageWarning } from "../../warnings.ts";

/** GDAL's tag 42113 as a number, and whether all of its text is understood. */
export interface NodataText {
  /** Null: there is no number in it. */
  readonly value: number | null;
  readonly isWhole: boolean;
}

const NAN = /^[+-]?nan(\([a-z]*\))?$|^[+-]?1\.#(qnan|snan|ind)\d*$/i;
const INFINITE = /^([+-]?)(inf(inity)?|1\.#inf\d*)$/i;
/** Some locales write a comma. What stands behind the number is of no use to GDAL. */
const LEADING = /^([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d+)?)(.*)$/is;
const EMPTY: NodataText = { value: null, isWhole: true };

/**
 * As GDAL reads it (CPLAtofM): the number that the text begins with, point or comma, and the spellings of NaN and infinity that
 * runtimes have. Where GDAL would take a text without any number for 0, there is none.
 */
export function parseNodata(text: string): NodataText {
  const trimmed = text.replaceAll("\0", " ").trim();
  if (trimmed === "") return EMPTY;
  if (NAN.test(trimmed)) return { value: Number.NaN, isWhole: true };
  const infinite = INFINITE.exec(trimmed);
  if (infinite) return { value: infinite[1] === "-" ? -Infinity : Infinity, isWhole: true };
  const found = LEADING.exec(trimmed);
  if (!found) return { value: null, isWhole: false };
  const [, number = "", rest = ""] = found;
  // Some writers name it once for each band.
  const others = rest.split(/[\s;]+/).filter((part) => part !== "");
  return { value: Number(number.replace(",", ".")), isWhole: others.every((part) => part === number) };
}

export interface Nodata {
  /** As samples of the type can have it; null: none. */
  readonly value: number | null;
  readonly warnings: readonly ImageWarning[];
}

/** What a no-data text means for samples of a type: integers are cut towards zero, and none is what they cannot hold. */
export function nodataOf(text: string | null, type: DataType): Nodata {
  if (text === null) return { value: null, warnings: [] };
  const { value, isWhole } = parseNodata(text);
  const shown = JSON.stringify(text.trim().slice(0, MAX_SHOWN));
  if (value === null) return { value, warnings: isWhole ? [] : [notUsed(`${shown} is no number`)] };
  const [low, high] = valueRange(type);
  const isHeld = isFloat(type) ? type !== "float16" || isHalf(value) : value >= low && value <= high;
  if (!isHeld) return { value: null, warnings: [notUsed(`${shown} is none that ${type} samples can have`)] };
  const cut = isFloat(type) ? value : Math.trunc(value) + 0;
  const isExact = isWhole && (isFloat(type) || cut === value);
  return { value: cut, warnings: isExact ? [] : [approximated(shown, cut)] };
}

/** Whether 16 bits hold it: 11 bits of mantissa, the least of them 2^-24. */
function isHalf(value: number): boolean {
  if (!Number.isFinite(value)) return true;
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(value))));
  return Math.abs(value) <= valueRange("float16")[1] && Number.isInteger(value / 2 ** (exponent - 10));
}

/** GDAL's NODATA_VALUES: there is no data where all bands have their values at once, which nothing here asks for. */
export function nodataTogether(values: string | null): readonly ImageWarning[] {
  if (values === null) return [];
  const message = `Pixels that are ${JSON.stringify(values.slice(0, MAX_SHOWN))} in all bands together have no data by its NODATA_VALUES, which are not applied: they are data. Give it an alpha: gdalwarp -dstalpha.`;
  return [imageWarning("NODATA_NOT_USED", message)];
}

const MAX_SHOWN = 40;

function notUsed(reason: string): ImageWarning {
  return imageWarning(
    "NODATA_NOT_USED",
    `Its no-data value ${reason}: all samples are data. Correct it: gdal_edit.py -a_nodata.`,
  );
}

function approximated(shown: string, value: number): ImageWarning {
  return imageWarning(
    "NODATA_APPROXIMATED",
    `Its no-data value ${shown} is read as ${value}. Correct it where that is not meant: gdal_edit.py -a_nodata.`,
  );
}
