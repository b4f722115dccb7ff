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

/** A unit's one spelling: a micro sign for the Greek letter mu, a letter with a ring for the ångström sign or two characters. */
export function canonicalUnit(unit: string): string {
  return unit.trim().normalize("NFC").replace("\u03BC", "\u00B5");
}
