import { BandloomError } from "../../../core/errors.ts";
import { finiteNumber, readXml } from "./xml.ts";

/** What GDAL's metadata tell of one sample. */
export interface GdalBand {
  readonly description: string | null;
  readonly scale: number;
  readonly offset: number;
  readonly unit: string | null;
  /** Least and greatest value that a computation once found; null when either is missing. */
  readonly statistics: { readonly min: number; readonly max: number } | null;
}

/**
 * Metadata of GDAL's tag 42112 (GDAL's GTiff driver documentation): Items with a sample number from 0. What is not understood is
 * passed over, for pixels can be read without it; a DTD is refused.
 */
export function parseGdalMetadata(xml: string, samples: number): readonly GdalBand[] {
  const items = readItems(xml);
  return Array.from({ length: samples }, (_, sample) => {
    const item = (name: string) => items.get(`${sample}/${name}`);
    const [min, max] = [finiteNumber(item("STATISTICS_MINIMUM")), finiteNumber(item("STATISTICS_MAXIMUM"))];
    const scale = finiteNumber(item("scale"));
    return {
      description: item("description") || null,
      scale: scale === null || scale === 0 ? 1 : scale,
      offset: finiteNumber(item("offset")) ?? 0,
      unit: item("unittype") || null,
      statistics: min === null || max === null ? null : { min, max },
    };
  });
}

/** Texts by `sample/role`, or `sample/name` where an item has no role. */
function readItems(xml: string): ReadonlyMap<string, string> {
  const items = new Map<string, string>();
  let current: string | null = null;
  try {
    readXml(xml, {
      open: (name, attributes) => {
        const { sample, role, name: label } = attributes;
        current = name === "Item" && sample !== undefined ? `${sample}/${role ?? label}` : null;
      },
      close: (_, text) => {
        if (current !== null) items.set(current, text.trim());
        current = null;
      },
    });
  } catch (error) {
    if (!(error instanceof BandloomError)) throw error;
  }
  return items;
}

/** GDAL's tag 42113: a number as text, `nan` among them; null for anything else. */
export function parseGdalNodata(text: string): number | null {
  return /^\s*[+-]?nan\s*$/i.test(text) ? Number.NaN : finiteNumber(text);
}
