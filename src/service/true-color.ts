import { ChannelNames } from "../formula/index.ts";
import type { ChannelInfo } from "../source/types.ts";

/** Bands that are red, green and blue to a sensor, as its files name them. */
interface Sensor {
  readonly bands: readonly [red: string, green: string, blue: string];
  /** Whether these names are that sensor's here: others have bands of the same numbers. */
  readonly isMeant: (three: readonly ChannelInfo[], all: readonly ChannelInfo[]) => boolean;
}

/** Nanometers that red, green and blue lie within. */
const SPECTRUM = [
  [620, 690],
  [520, 600],
  [450, 520],
] as const;

const MODIS = /sur_refl_b0\d/i;
/** A band with a zero before its number, as Sentinel-2 and HLS write it; Landsat writes none, MODIS a small letter. */
const PADDED = /(?<![\p{L}\p{Nd}])B0\d(?![\p{L}\p{Nd}])/u;
const LANDSAT = /^SR_B\d$/i;

const areOf = (three: readonly ChannelInfo[], names: RegExp) => three.every(({ name }) => names.test(name));

/** Landsat 8 and 9 have a band 6 of reflectance, 4 to 7 have none; three bands without the first are of the former. */
function isOfOli(all: readonly ChannelInfo[]): boolean {
  const has = (band: string) => all.some(({ name }) => name.toUpperCase() === band);
  return has("SR_B6") || !has("SR_B1");
}

/** Sentinel-2 alone has a band of this name, in whatever way the others are written. */
function isOfMsi(all: readonly ChannelInfo[]): boolean {
  return all.some(({ name }) => /^B8A$/i.test(name));
}

/** Bands of reflectance and of heat as Landsat 8 and 9 number them, beside the flags that go with them. */
function isOfLandsat8(all: readonly ChannelInfo[]): boolean {
  const has = (band: string) => all.some(({ name }) => name.toUpperCase() === band);
  return has("QA_PIXEL") && ["B4", "B6", "B10", "B11"].every(has);
}

function haveWavelengths(three: readonly ChannelInfo[]): boolean {
  return three.every(({ wavelengthNm }, index) => {
    const [least, most] = SPECTRUM[index] ?? [0, 0];
    return wavelengthNm !== null && wavelengthNm >= least && wavelengthNm <= most;
  });
}

const SENSORS: readonly Sensor[] = [
  { bands: ["sur_refl_b01", "sur_refl_b04", "sur_refl_b03"], isMeant: (three) => areOf(three, MODIS) },
  { bands: ["B04", "B03", "B02"], isMeant: (three) => areOf(three, PADDED) },
  { bands: ["SR_B4", "SR_B3", "SR_B2"], isMeant: (three, all) => areOf(three, LANDSAT) && isOfOli(all) },
  { bands: ["SR_B3", "SR_B2", "SR_B1"], isMeant: (three, all) => areOf(three, LANDSAT) && !isOfOli(all) },
  { bands: ["B4", "B3", "B2"], isMeant: (_, all) => isOfMsi(all) || isOfLandsat8(all) },
  { bands: ["BAND_R", "BAND_G", "BAND_B"], isMeant: () => true },
  // Whatever has measured them: their wavelengths tell.
  { bands: ["B4", "B3", "B2"], isMeant: haveWavelengths },
  { bands: ["B3", "B2", "B1"], isMeant: haveWavelengths },
];

/** Channels that are red, green and blue by the names that a known sensor's bands have; null: there are none, or some twice. */
export function bandsOfTrueColor(channels: readonly ChannelInfo[]): readonly ChannelInfo[] | null {
  const names = new ChannelNames({ channels });
  for (const { bands, isMeant } of SENSORS) {
    const three = bands.flatMap((band) => {
      const found = names.find(band, false);
      const channel = found.kind === "found" && found.by !== "ordinal" ? channels[found.index] : undefined;
      return channel?.kind === "continuous" ? [channel] : [];
    });
    if (three.length === bands.length && isMeant(three, channels)) return three;
  }
  return null;
}
