import { nanometres } from "./tiff/metadata/length-unit.ts";
import { finiteNumber } from "./tiff/metadata/xml.ts";

/** Ultraviolet to the far infrared, nanometers: what is shorter or longer in a name is the size of something. */
const [LEAST, MOST] = [100, 1_000_000];
/** Longer names are sentences. */
const MAX_NAME = 100;

const UNITS: ReadonlyMap<string, string> = new Map([
  ...["nm", "nanometer", "nanometers", "nanometre", "nanometres"].map((name) => [name, "nm"] as const),
  ...["um", "µm", "micron", "microns", "micrometer", "micrometers", "micrometre", "micrometres"].map(
    (name) => [name, "µm"] as const,
  ),
]);
const LENGTH = String.raw`(?<number>\d{1,6}(?:\.\d{1,9})?)\s?(?<unit>${[...UNITS.keys()].join("|")})`;
/** `band 1 (418.24 Nanometers)`, as GDAL writes what ENVI's headers tell; `Red (665 nm)`. */
const BRACKETED = new RegExp(String.raw`^(?<before>[^()[\]]*)[([]${LENGTH}[)\]]$`, "iu");
/** `B5 865nm`, `NIR 842 nm`, `0.66 µm`: behind a band, a color, or nothing. */
const BARE = new RegExp(
  String.raw`^(?<before>(?:(?:band|b|channel|ch|wavelength|wl|λ)[\s_.:#-]*\d{0,4}[a-z]?|coastal|blue|green|yellow|red[\s_-]?edge|red|nir|swir|mwir|lwir|tir)[\s_.:,-]+(?:cent(?:ral|er|re)[\s_]wavelength[\s_:]+)?)?${LENGTH}$`,
  "iu",
);
/** What is measured in such lengths and is no light. */
const NO_LIGHT = /pixel|size|step|resol|thick|height|depth|width|fwhm|spacing|rough|rms|displac|distance|offset/i;

/** The wavelength that a band's name tells, in nanometers; null: none. Two, or a range, are none. */
export function wavelengthIn(name: string): number | null {
  if (name.length > MAX_NAME) return null;
  const found = (BRACKETED.exec(name.trim()) ?? BARE.exec(name.trim()))?.groups;
  if (!found || NO_LIGHT.test(found.before ?? "") || /\d\s?[nuµ]m\b/i.test(found.before ?? "")) return null;
  return light(Number(found.number), found.unit ?? "");
}

/** The same of items of a band's metadata as GDAL has them: `CENTRAL_WAVELENGTH_UM`, or ENVI's `wavelength` beside `wavelength_units`. */
export function wavelengthOfItems(item: (name: string) => string | undefined): number | null {
  const micrometers = finiteNumber(item("CENTRAL_WAVELENGTH_UM"));
  if (micrometers !== null) return micrometers > 0 ? exact(micrometers * 1000) : null;
  const told = finiteNumber(item("wavelength") ?? item("WAVELENGTH"));
  const unit =
    item("wavelength_units") ?? item("WAVELENGTH_UNITS") ?? item("wavelength_unit") ?? item("WAVELENGTH_UNIT");
  return told === null || unit === undefined ? null : light(told, unit);
}

function light(value: number, unit: string): number | null {
  const symbol = UNITS.get(unit.trim().toLowerCase().normalize("NFKC").replace("μ", "µ"));
  const length = nanometres(value, symbol ?? "");
  return length !== null && length >= LEAST && length <= MOST ? exact(length) : null;
}

/** 0.665 µm is 665 nm, and not one part in 10¹⁶ more. */
function exact(length: number): number {
  return Number(length.toPrecision(12));
}
