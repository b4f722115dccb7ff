import { fold } from "../check/names.ts";

/** What a preset may know of a channel. */
export interface PresetChannel {
  readonly name: string;
  readonly wavelengthNm: number | null;
  /** `#rrggbb`. */
  readonly color: string | null;
}

/** A part of the spectrum that formulas of presets name. */
interface Band {
  /** Nanometres: what lies within is the band, best what lies nearest to the centre. */
  readonly range: readonly [low: number, high: number];
  readonly centre: number;
  /** Names that a channel may have, folded; the band's own is one. */
  readonly names: readonly string[];
}

function band(centre: number, low: number, high: number, ...names: readonly string[]): Band {
  return { range: [low, high], centre, names };
}

/**
 * Bands of Earth observation as Landsat and Sentinel-2 have them, with the common names of STAC's eo extension; dyes of fluorescence
 * microscopy by the peak of their emission; filters of astronomy.
 */
const BANDS: Readonly<Record<string, Band>> = {
  coastal: band(443, 420, 452, "coastalaerosol", "aerosol", "ultrablue", "deepblue"),
  blue: band(485, 450, 520, "blu"),
  green: band(560, 520, 600, "grn"),
  yellow: band(605, 585, 620),
  red: band(660, 620, 690),
  rededge1: band(705, 690, 728, "rededge", "rededge071", "redge", "re1", "vre1"),
  rededge2: band(740, 728, 760, "rededge075", "re2", "vre2"),
  rededge3: band(783, 760, 800, "rededge078", "re3", "vre3"),
  nir: band(835, 760, 900, "nir1", "nir08", "nearinfrared", "infrared"),
  nir2: band(865, 845, 885, "nir", "nir09", "nir08", "narrownir", "nir8a"),
  swir1: band(1610, 1540, 1760, "swir", "swir16", "shortwaveinfrared1"),
  swir2: band(2200, 2060, 2360, "swir22", "shortwaveinfrared2"),
  thermal: band(10_900, 10_000, 12_600, "tir", "tir1", "lwir", "lwir11", "tirs1"),

  dapi: band(461, 435, 485, "hoechst", "hoechst33342", "hoechst33258", "bfp", "nuclei", "nucleus"),
  fitc: band(519, 500, 545, "gfp", "egfp", "alexa488", "alexafluor488", "af488", "cy2", "fluorescein"),
  tritc: band(
    576,
    555,
    620,
    "rhodamine",
    "cy3",
    "rfp",
    "alexa555",
    "alexa568",
    "af555",
    "af568",
    "mcherry",
    "texasred",
  ),
  cy5: band(666, 640, 700, "alexa647", "alexafluor647", "af647", "farred"),
  eosin: band(540, 520, 620, "acridineorange", "sulforhodamine101", "cytoplasm", "stroma"),

  ha: band(656.3, 653.5, 659, "halpha", "hα", "h2"),
  oiii: band(500.7, 494, 503, "o3"),
  sii: band(671.6, 668, 676, "s2"),
  gband: band(477, 440, 520, "g", "sdssg", "gsdss"),
  rband: band(623, 580, 690, "r", "sdssr", "rsdss"),
  iband: band(762, 700, 830, "i", "sdssi", "isdss"),
  luminance: band(0, 0, 0, "l", "lum", "clear"),
};

/** A narrow band of an imaging spectrometer: `w531` is what lies at 531 nm. */
const NARROW = /^w(\d{3,5})$/;
/** A narrow band may lie so far off. */
const NARROW_NM = 8;

export function isBand(name: string): boolean {
  return Object.hasOwn(BANDS, name) || NARROW.test(name);
}

/** The channel that a band means: by its name, else the one whose wavelength lies nearest to the centre of the band; null: none. */
export function channelOfBand(name: string, channels: readonly PresetChannel[]): number | null {
  const narrow = NARROW.exec(name);
  const found = narrow ? undefined : BANDS[name];
  if (found) {
    const folded = channels.map((one) => fold(one.name));
    for (const known of [name, ...found.names]) {
      const index = folded.indexOf(known);
      if (index >= 0) return index;
    }
    return nearest(found.centre, found.range, channels);
  }
  const centre = Number(narrow?.[1]);
  return Number.isNaN(centre) ? null : nearest(centre, [centre - NARROW_NM, centre + NARROW_NM], channels);
}

function nearest(centre: number, [low, high]: Band["range"], channels: readonly PresetChannel[]): number | null {
  let best: { readonly index: number; readonly distance: number } | null = null;
  for (const [index, { wavelengthNm }] of channels.entries()) {
    if (wavelengthNm === null || wavelengthNm < low || wavelengthNm > high) continue;
    const distance = Math.abs(wavelengthNm - centre);
    if (best === null || distance < best.distance) best = { index, distance };
  }
  return best?.index ?? null;
}
