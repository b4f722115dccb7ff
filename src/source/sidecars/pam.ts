import { normaliseColour } from "../../formula/colour.ts";
import { type Attributes, finiteNumber, MAX_VALUE_LENGTH, readXml } from "../tiff/metadata/xml.ts";
import type { ChannelClass, Georeference } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { ClassTable, type PaletteColor } from "./pam-classes.ts";

/** GDAL's metadata beside a file (Persistent Auxiliary Metadata). What is not understood is passed over. */
export interface Pam {
  /** From band 1 on, at its number less 1; holes are bands of which nothing is told. */
  readonly bands: readonly (PamBand | undefined)[];
  readonly affine: Georeference["affine"] | null;
  /** Text of WKT, or a code. */
  readonly system: string | null;
  /** Ground control points, which are no affine place. */
  readonly hasPoints: boolean;
  /** Values that bands have together where there is no data; null: none are told. */
  readonly nodataValues: string | null;
}

/** What they tell of a band; null: nothing. */
export interface PamBand {
  readonly description: string | null;
  readonly nodata: string | null;
  readonly scale: number | null;
  readonly offset: number | null;
  readonly unit: string | null;
  readonly wavelengthNm: number | null;
  /** `#rrggbb`. */
  readonly color: string | null;
  /** `red`, `alpha` …, in lower case. */
  readonly interpretation: string | null;
  readonly isThematic: boolean;
  readonly classes: readonly ChannelClass[] | null;
  /** All colors of a table by their index; null: it has none. */
  readonly palette: readonly PaletteColor[] | null;
  /** A table names ranges of values, of which no classes are made. */
  readonly hasRanges: boolean;
}

/** Bands of one file. */
const MAX_BANDS = 4096;
const GEO_NUMBERS = 6;
const BAND = "PAMDataset/PAMRasterBand";
const ITEM = "PAMDataset/Metadata/MDI";

/** SOURCE_UNREADABLE for XML that is damaged, or is no PAM. */
export function parsePam(xml: string): Pam {
  const bands: (PamBand | undefined)[] = [];
  let draft: Draft | null = null;
  let [isPam, hasPoints] = [false, false];
  let [affine, system, esri]: [Pam["affine"], string | null, string | null] = [null, null, null];
  let [key, nodataValues]: [string | null, string | null] = [null, null];
  readXml(xml, {
    open: (path, attributes) => {
      isPam ||= path === "PAMDataset";
      hasPoints ||= path === "PAMDataset/GCPList/GCP";
      if (path === ITEM) key = attributes.key ?? null;
      if (path === BAND) draft = new Draft(bandNumber(attributes, bands.length + 1));
      draft?.open(path, attributes);
    },
    close: (path, text) => {
      if (path === ITEM && key === "NODATA_VALUES") nodataValues = text.trim() || null;
      if (path === "PAMDataset/GeoTransform") affine = affineOf(text);
      if (path === "PAMDataset/SRS") system = text.trim() || null;
      // ArcGIS keeps its system in a place of its own.
      if (path === "PAMDataset/GeodataXform/SpatialReference/WKT") esri = text.trim() || null;
      draft?.close(path, text);
      if (path !== BAND || !draft) return;
      bands[draft.number - 1] = draft.band();
      draft = null;
    },
  });
  if (!isPam) throw unreadable("it is no metadata of GDAL");
  return { bands, affine, system: system ?? esri, hasPoints, nodataValues };
}

function bandNumber({ band }: Attributes, next: number): number {
  const number = finiteNumber(band) ?? next;
  if (Number.isInteger(number) && number >= 1 && number <= MAX_BANDS) return number;
  throw unreadable(`it has a band of a number that is none of 1 to ${MAX_BANDS}`);
}

/** x, column, row, y, column, row: GDAL's order. */
function affineOf(text: string): Georeference["affine"] | null {
  const numbers = text.split(",").map((one) => finiteNumber(one));
  const [c, a, b, f, d, e] = numbers.map((one) => one ?? Number.NaN);
  const isWhole = numbers.length === GEO_NUMBERS && !numbers.includes(null);
  if (!isWhole || a === undefined || b === undefined || c === undefined) return null;
  if (d === undefined || e === undefined || f === undefined || a * e - b * d === 0) return null;
  return [a, b, c, d, e, f];
}

/** A band while it is read. */
class Draft {
  readonly number: number;
  readonly #texts = new Map<string, string>();
  readonly #items = new Map<string, string>();
  readonly #classes = new ClassTable();
  #key: string | null = null;

  constructor(number: number) {
    this.number = number;
  }

  open(path: string, attributes: Attributes): void {
    if (path === `${BAND}/Metadata/MDI`) this.#key = attributes.key ?? null;
    this.#classes.open(path.slice(BAND.length + 1), attributes);
  }

  close(path: string, text: string): void {
    if (text.length > MAX_VALUE_LENGTH) return;
    const own = path.slice(BAND.length + 1);
    if (own === "Metadata/MDI" && this.#key !== null) this.#items.set(this.#key, text.trim());
    else if (!own.includes("/")) this.#texts.set(own, text.trim());
    this.#classes.close(own, text);
  }

  band(): PamBand {
    const text = (name: string) => this.#texts.get(name) || null;
    const number = (name: string) => finiteNumber(this.#texts.get(name));
    const scale = number("Scale");
    const micrometers = finiteNumber(this.#items.get("CENTRAL_WAVELENGTH_UM"));
    return {
      description: text("Description"),
      nodata: text("NoDataValue") ?? text("NoDataValueAsInt64") ?? text("NoDataValueAsUInt64"),
      scale: scale === 0 ? null : scale,
      offset: number("Offset"),
      unit: text("UnitType"),
      // 0.665 µm is 665 nm, and not one part in 10¹⁶ more.
      wavelengthNm: micrometers !== null && micrometers > 0 ? Number((micrometers * 1000).toPrecision(12)) : null,
      color: normaliseColour(this.#items.get("COLOR") ?? ""),
      interpretation: text("ColorInterp")?.toLowerCase() ?? null,
      isThematic: ["LAYER_TYPE", "RepresentationType"].some(
        (name) => this.#items.get(name)?.toLowerCase() === "thematic",
      ),
      classes: this.#classes.classes(),
      palette: this.#classes.palette(),
      hasRanges: this.#classes.hasRanges,
    };
  }
}
