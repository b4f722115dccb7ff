/** Nanometres in a unit of length, as the OME data model writes them. */
const NANOMETRES: ReadonlyMap<string, number> = new Map([
  ["nm", 1],
  ["pm", 1e-3],
  ["Å", 0.1],
  ["µm", 1e3],
  ["um", 1e3],
  ["mm", 1e6],
  ["cm", 1e7],
  ["m", 1e9],
]);

/** A wavelength in nanometres; null where the unit is unknown or the value is not positive. */
export function nanometres(value: number | null, unit: string): number | null {
  const factor = NANOMETRES.get(unit);
  return value === null || value <= 0 || factor === undefined ? null : value * factor;
}
