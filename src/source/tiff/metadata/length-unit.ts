import type { PixelSize } from "../../types.ts";

/** Nanometres in a unit of length, as the OME data model writes them. */
const NANOMETRES: ReadonlyMap<string, number> = new Map([
  ["nm", 1],
  ["fm", 1e-6],
  ["pm", 1e-3],
  ["Å", 0.1],
  ["µm", 1e3],
  ["um", 1e3],
  ["mm", 1e6],
  ["cm", 1e7],
  ["dm", 1e8],
  ["m", 1e9],
  ["km", 1e12],
  ["in", 2.54e7],
  ["ft", 3.048e8],
]);

/** A wavelength in nanometres; null where the unit is unknown or the value is not positive or not finite. */
export function nanometres(value: number | null, unit: string): number | null {
  const factor = NANOMETRES.get(canonicalUnit(unit));
  if (value === null || factor === undefined) return null;
  const length = value * factor;
  return length > 0 && Number.isFinite(length) ? length : null;
}

/** Other spellings by symbol, in lower case and without the ending of the plural. */
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  pm: ["picometer", "picometre"],
  Å: ["angstrom", "ångström"],
  nm: ["nanometer", "nanometre"],
  µm: ["um", "micron", "micrometer", "micrometre"],
  mm: ["millimeter", "millimetre"],
  cm: ["centimeter", "centimetre"],
  dm: ["decimeter", "decimetre"],
  m: ["meter", "metre"],
  km: ["kilometer", "kilometre"],
  in: ["inch", "inche"],
  ft: ["foot", "feet"],
  yd: ["yard"],
  mi: ["mile"],
  pc: ["parsec"],
};
const SYMBOLS: ReadonlyMap<string, string> = new Map(
  Object.entries(SPELLINGS).flatMap(([symbol, words]) => words.map((word) => [word, symbol] as const)),
);
const MAX_UNIT = 40;

/**
 * A unit's one spelling: its symbol, whatever word a writer has for it, and a micro sign for the Greek letter mu. Of an unknown one what is
 * written, cut; empty where nothing is.
 */
export function canonicalUnit(unit: string): string {
  const plain = unit.trim().normalize("NFC").replace("\u03BC", "\u00B5").slice(0, MAX_UNIT);
  return SYMBOLS.get(plain.toLowerCase().replace(/s$/, "")) ?? plain;
}

interface Side {
  readonly size: number;
  /** As `canonicalUnit` gives it; empty: none. */
  readonly unit: string;
}

/** Both sides in the unit of x. Null: a size is none, or the units are not two known lengths. */
export function sizeInOneUnit(x: Side, y: Side): PixelSize | null {
  if (!(x.size > 0 && y.size > 0 && Number.isFinite(x.size + y.size)) || x.unit === "") return null;
  if (x.unit === y.unit) return { x: x.size, y: y.size, unit: x.unit };
  const [one, length] = [nanometres(1, x.unit), nanometres(y.size, y.unit)];
  return one === null || length === null ? null : { x: x.size, y: length / one, unit: x.unit };
}
