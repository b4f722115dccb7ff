import type { DataType } from "../../core/dtype.ts";
import type { Alpha } from "../alpha.ts";
import type { ChannelInfo } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import type { Directory } from "./directory.ts";
import { type ExtraSamples, readExtraSamples } from "./extra-samples.ts";
import { type GdalBand, type GdalMetadata, parseGdalMetadata } from "./metadata/gdal.ts";
import { type Nodata, nodataOf, nodataTogether } from "./metadata/nodata.ts";
import type { ToldChannel } from "./metadata/told-channel.ts";
import type { Page } from "./page.ts";
import type { Planes } from "./planes.ts";
import { PHOTOMETRIC, TAG } from "./tags.ts";

const MAX_CHANNELS = 4096;
/** Of all directories together. */
const MAX_METADATA_BYTES = 16 * 2 ** 20;
const MAX_NODATA_BYTES = 256;

const RGB = ["red", "green", "blue"];
const GRAY = ["gray"];
const COLOURS: ReadonlyMap<number, readonly string[]> = new Map([
  [PHOTOMETRIC.rgb, RGB],
  [PHOTOMETRIC.ycbcr, RGB],
  [PHOTOMETRIC.cmyk, ["cyan", "magenta", "yellow", "black"]],
]);

export interface DescribedChannels {
  readonly channels: readonly ChannelInfo[];
  readonly alphas: readonly Alpha[];
  readonly warnings: readonly ImageWarning[];
}

export function assertChannels({ arrangement }: Planes, { samples }: Page): void {
  const count = arrangement.columns * samples;
  if (count > MAX_CHANNELS) throw unreadable(`it has ${count} channels, where ${MAX_CHANNELS} are the most`);
}

/** All channels of an image: the samples of its columns of directories, one column after the other, of which `told` may tell. */
export async function describeChannels(
  planes: Planes,
  full: Page,
  told: readonly ToldChannel[],
): Promise<DescribedChannels> {
  const { columns } = planes.arrangement;
  const channels: ChannelInfo[] = [];
  const warnings: ImageWarning[] = [];
  const alphas: Alpha[] = [];
  const gdal = new GdalTags();
  for (let column = 0; column < columns; column++) {
    const directory = planes.ownDirectory(column);
    const tagged = directory ? await readExtraSamples(directory, full.samples, full.photometric) : NO_EXTRA;
    const { bands, nodataValues } = directory ? await gdal.read(directory, full.samples) : NO_GDAL;
    const extra = interpreted(tagged, bands);
    const first = channels.length;
    if (extra.alpha !== null) alphas.push(alphaOf(first, full.samples, extra, extra.alpha));
    const text = directory ? await directory.text(TAG.gdalNodata, MAX_NODATA_BYTES) : null;
    const nodata = nodataOf(text, full.dataType);
    channels.push(...columnChannels(full, told[column] ?? null, bands, first, extra, nodata));
    warnings.push(...extra.warnings, ...nodata.warnings, ...nodataTogether(nodataValues));
  }
  if (gdal.isDamaged)
    warnings.push(
      imageWarning(
        "METADATA_NOT_USED",
        "Its GDAL metadata are damaged: names and units behind the damage are left out. Write the file anew with gdal_translate.",
      ),
    );
  return { channels, alphas, warnings };
}

const NO_GDAL: GdalMetadata = { bands: [], nodataValues: null, isDamaged: false };
const NO_EXTRA: ExtraSamples = { base: 0, alpha: null, isMultiplied: false, warnings: [] };

/** What GDAL says of a band goes before the tags: it says so where they cannot, as of colors in another order. */
function interpreted(extra: ExtraSamples, bands: readonly GdalBand[]): ExtraSamples {
  const named = bands.findIndex(({ interpretation }) => interpretation === "alpha");
  const tagged = extra.alpha !== null && bands[extra.alpha]?.interpretation ? null : extra.alpha;
  const alpha = named >= 0 && bands.length > 1 ? named : tagged;
  if (alpha === extra.alpha) return extra;
  // Warnings of the tags are about an alpha that is none.
  return { ...extra, alpha, isMultiplied: false, warnings: [] };
}

/** The alpha of the samples of one column, of which the first is channel `first`. */
function alphaOf(first: number, samples: number, { base, isMultiplied }: ExtraSamples, alpha: number): Alpha {
  const over = Array.from({ length: samples }, (_, sample) => sample).filter((sample) => sample !== alpha);
  const multiplied = isMultiplied ? over.filter((sample) => sample < base) : [];
  const channels = (all: readonly number[]) => all.map((sample) => first + sample);
  return { channel: first + alpha, over: channels(over), multiplied: channels(multiplied) };
}

/** Channels that one column of directories holds: its samples. */
function columnChannels(
  { samples, photometric, dataType }: Page,
  // OME-XML describes a directory of several samples by one Channel of as many SamplesPerPixel.
  described: ToldChannel | null,
  bands: readonly GdalBand[],
  firstIndex: number,
  extra: ExtraSamples,
  nodata: Nodata,
): readonly ChannelInfo[] {
  const alone = samples === 1 ? described : null;
  return Array.from({ length: samples }, (_, sample): ChannelInfo => {
    const band = bands[sample];
    const generated = colourName(photometric, extra, sample, band) ?? `b${firstIndex + sample + 1}`;
    const own = alone ? alone.name : described?.name && `${described.name} ${generated}`;
    return {
      index: firstIndex + sample,
      name: own || band?.description || generated,
      dataType,
      wavelengthNm: described?.wavelengthNm ?? band?.wavelengthNm ?? null,
      color: alone?.color ?? band?.color ?? null,
      nodata: nodata.value,
      unit: band?.unit ?? null,
      scale: band?.scale ?? 1,
      offset: band?.offset ?? 0,
      window: alone?.window ?? statisticsWindow(band, dataType),
      active: alone?.active ?? null,
      masked: false,
      alpha: false,
      derived: false,
      kind: band?.isThematic ? "categorical" : "continuous",
      classes: null,
    };
  });
}

/** The least and greatest value that GDAL has computed; bytes have a window by the display rules. */
function statisticsWindow(band: GdalBand | undefined, dataType: DataType): ChannelInfo["window"] {
  const statistics = band?.statistics;
  if (!statistics || dataType === "uint8" || !(statistics.min < statistics.max)) return null;
  return [statistics.min, statistics.max];
}

/** GDAL's metadata of many directories, parsed once where they share them. */
class GdalTags {
  readonly #known = new Map<number, GdalMetadata>();
  #budget = MAX_METADATA_BYTES;
  #isDamaged = false;

  /** Some were no XML to their end. */
  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  async read(directory: Directory, samples: number): Promise<GdalMetadata> {
    const entry = directory.entry(TAG.gdalMetadata);
    if (!entry) return NO_GDAL;
    const known = this.#known.get(entry.offset);
    if (known) return known;
    const xml = (await directory.text(TAG.gdalMetadata, this.#budget)) ?? "";
    this.#budget -= xml.length;
    const found = parseGdalMetadata(xml, samples);
    this.#isDamaged ||= found.isDamaged;
    this.#known.set(entry.offset, found);
    return found;
  }
}

/** Names that the photometric interpretation gives, or GDAL; null: none. Grey is called so where it has an alpha. */
function colourName(
  photometric: number,
  { base, alpha }: ExtraSamples,
  sample: number,
  band: GdalBand | undefined,
): string | null {
  if (sample === alpha) return "alpha";
  const told = band?.interpretation ?? "";
  if (RGB.includes(told) || (alpha !== null && GRAY.includes(told))) return told;
  if (told === "undefined") return null;
  const names = COLOURS.get(photometric) ?? (alpha !== null && base === 1 ? GRAY : []);
  return names[sample] ?? null;
}
