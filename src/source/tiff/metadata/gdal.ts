import { BandloomError } from "../../../core/errors.ts";
import { normaliseColour } from "../../../formula/colour.ts";
import { wavelengthOfItems } from "../../wavelength.ts";
import { finiteNumber, MAX_VALUE_LENGTH, readXml } from "./xml.ts";

/** What GDAL's metadata tell. */
export interface GdalMetadata {
  readonly bands: readonly GdalBand[];
  /** Values that bands have together where there is no data; null: none are told. */
  readonly nodataValues: string | null;
  /** The XML breaks off, or is refused: what stands behind is left out. */
  readonly isDamaged: boolean;
}

/** What GDAL's metadata tell of one sample. */
export interface GdalBand {
  readonly description: string | null;
  readonly scale: number;
  readonly offset: number;
  readonly unit: string | null;
  readonly wavelengthNm: number | null;
  /** `#rrggbb`. */
  readonly color: string | null;
  /** What the band is, in lower case: `red`, `alpha` … GDAL writes it where TIFF's own tags cannot say it. */
  readonly interpretation: string | null;
  /** Its numbers are codes (LAYER_TYPE of ERDAS Imagine, RepresentationType of Esri, which GDAL copies). */
  readonly isThematic: boolean;
  /** Least and greatest value that a computation once found; null when either is missing. */
  readonly statistics: { readonly min: number; readonly max: number } | null;
}

/**
 * Metadata of GDAL's tag 42112 (GDAL's GTiff driver documentation): Items with a sample number from 0. What is not understood is
 * passed over, for pixels can be read without it: numbers that are none, what follows an error in the XML or a DTD.
 */
export function parseGdalMetadata(xml: string, samples: number): GdalMetadata {
  const { items, isDamaged } = readItems(xml);
  const bands = Array.from({ length: samples }, (_, sample) => {
    const item = (role: string) => items.get(`${sample}/role/${role}`);
    const statistic = (name: string) => finiteNumber(items.get(`${sample}/name/STATISTICS_${name}`));
    const [min, max] = [statistic("MINIMUM"), statistic("MAXIMUM")];
    const scale = finiteNumber(item("scale"));
    return {
      description: item("description") || null,
      scale: scale === null || scale === 0 ? 1 : scale,
      offset: finiteNumber(item("offset")) ?? 0,
      unit: item("unittype") || null,
      wavelengthNm: wavelengthOfItems((name) => items.get(`${sample}/name/${name}`)),
      color: normaliseColour(items.get(`${sample}/name/COLOR`) ?? ""),
      interpretation: item("colorinterp")?.toLowerCase() || null,
      isThematic: ["LAYER_TYPE", "RepresentationType"].some(
        (name) => items.get(`${sample}/name/${name}`)?.toLowerCase() === "thematic",
      ),
      statistics: min === null || max === null ? null : { min, max },
    };
  });
  return { bands, nodataValues: items.get("file/name/NODATA_VALUES") || null, isDamaged };
}

interface Items {
  readonly items: ReadonlyMap<string, string>;
  readonly isDamaged: boolean;
}

/** Texts by sample (`file`: of all) and role, or name where an item has no role: a name is free, `scale` means something as a role only. */
function readItems(xml: string): Items {
  const items = new Map<string, string>();
  let current: string | null = null;
  try {
    readXml(xml, {
      open: (path, { sample, role, name }) => {
        const key = role === undefined ? `name/${name}` : `role/${role}`;
        current = path === "GDALMetadata/Item" ? `${sample ?? "file"}/${key}` : null;
      },
      close: (_, text) => {
        if (current !== null && text.length <= MAX_VALUE_LENGTH) items.set(current, text.trim());
        current = null;
      },
    });
  } catch (error) {
    if (!(error instanceof BandloomError)) throw error;
    return { items, isDamaged: true };
  }
  return { items, isDamaged: false };
}
