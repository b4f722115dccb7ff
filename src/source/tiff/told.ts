import type { PixelSize } from "../types.ts";
import { type ImageWarning, imageWarning } from "../warnings.ts";
import type { Known } from "./describe.ts";
import type { Directory } from "./directory.ts";
import { lenient } from "./lenient.ts";
import { aperioPixelSize } from "./metadata/aperio.ts";
import type { ImageJStack } from "./metadata/image-j.ts";
import { type ImageJBlocks, parseImageJBlocks } from "./metadata/image-j-blocks.ts";
import { imageJChannels, imageJWarnings } from "./metadata/image-j-channels.ts";
import { looksLikeQptiff, parseQptiff } from "./metadata/qptiff.ts";
import { hasSpecimenResolution, slideWarnings } from "./metadata/slides.ts";
import { areNames, NOTHING_TOLD, shownName, type ToldChannel, type ToldImage } from "./metadata/told-channel.ts";
import type { Page } from "./page.ts";
import type { Planes } from "./planes.ts";
import { PHOTOMETRIC, TAG } from "./tags.ts";
import { readLsm } from "./told-stacks.ts";

/** Of ImageJ's blocks: most are labels of planes; large ones are drawings, which are not used. */
const MAX_IMAGE_J_BYTES = 16 * 2 ** 20;
const MAX_IMAGE_J_BLOCKS = 262_144;
const MAX_IMAGE_J_INFO = 4096;
/** Where the root element of a description begins. */
const QPTIFF_BEGINNING = 1024;
/** Of the descriptions of all pages of a QPTIFF. */
const MAX_QPTIFF_BYTES = 16 * 2 ** 20;
const MAX_PAGE_NAME_BYTES = 4096;
/** Micrometers in the units of resolution, inch and centimeter (TIFF 6.0 section 8). */
const MICROMETERS: ReadonlyMap<number, number> = new Map([
  [2, 25_400],
  [3, 10_000],
]);

/**
 * What ImageJ, software of scanners, or names of pages tell of an image without OME-XML. Metadata that are damaged or too
 * large are left out with a warning: pixels can be read without them.
 */
export async function readTold(planes: Planes, full: Page, { ome, imageJ, description }: Known): Promise<ToldImage> {
  const first = planes.ownDirectory(0);
  if (ome || !first) return NOTHING_TOLD;
  if (imageJ) return await imageJTold(planes, first, full, imageJ);
  const beginning = await lenient(async () => await first.beginning(TAG.imageDescription, QPTIFF_BEGINNING));
  const text = new TextDecoder().decode(beginning ?? undefined);
  if (looksLikeQptiff(text)) return await qptiffTold(planes, first);
  const named = await pageNames(planes, full);
  const pixelSize = aperioPixelSize(description ?? "") ?? (await scannedSize(first, text));
  return { ...named, pixelSize, warnings: [...named.warnings, ...slideWarnings(text)] };
}

async function imageJTold(planes: Planes, first: Directory, full: Page, stack: ImageJStack): Promise<ToldImage> {
  const pixelSize = stack.unit === null ? null : await resolutionSize(first, 1, stack.unit);
  const nothing = { ...NOTHING_TOLD, pixelSize };
  const blocks = await readBlocks(first);
  if (blocks === null) return { ...nothing, warnings: [BLOCKS_DAMAGED] };
  const description = blocks.info?.trim().slice(0, MAX_IMAGE_J_INFO) || null;
  // Else it counts other planes than there are, of which its reader warns.
  const isGray = full.samples === 1 && full.photometric !== PHOTOMETRIC.palette;
  const warnings = imageJWarnings(stack, blocks);
  if (planes.arrangement.columns !== stack.channels || !isGray) return { ...nothing, description, warnings };
  const told = imageJChannels(stack, blocks);
  return { ...nothing, description, channels: told.channels, warnings: [...told.warnings, ...warnings] };
}

const NO_BLOCKS: ImageJBlocks = { info: null, labels: [], ranges: [], luts: [], hasOverlay: false };

/** Null: they are damaged. */
async function readBlocks(directory: Directory): Promise<ImageJBlocks | null> {
  if (!directory.entry(TAG.imageJMetadata)) return NO_BLOCKS;
  return await lenient(async () => {
    const lengths = await directory.numbers(TAG.imageJByteCounts, MAX_IMAGE_J_BLOCKS);
    const bytes = await directory.bytes(TAG.imageJMetadata, MAX_IMAGE_J_BYTES);
    return lengths && bytes && parseImageJBlocks(lengths, bytes);
  });
}

const BLOCKS_DAMAGED = imageWarning(
  "METADATA_NOT_USED",
  "ImageJ's metadata are damaged or too large: names, colors and display ranges are left out. Save it anew in ImageJ.",
);

async function qptiffTold(planes: Planes, first: Directory): Promise<ToldImage> {
  let budget = MAX_QPTIFF_BYTES;
  const channels: ToldChannel[] = [];
  const warnings: ImageWarning[] = [];
  for (let column = 0; column < planes.arrangement.columns; column++) {
    const directory = planes.ownDirectory(column);
    const text = directory && (await lenientText(directory, TAG.imageDescription, budget));
    budget -= text?.length ?? 0;
    const channel = text ? parseQptiff(text) : null;
    if (!channel) warnings.push({ ...PAGE_DAMAGED, channel: column });
    channels.push(channel ?? { name: null, color: null });
  }
  return { ...NOTHING_TOLD, channels, warnings, pixelSize: await specimenSize(first) };
}

const PAGE_DAMAGED = imageWarning(
  "METADATA_NOT_USED",
  "The description of a page of the QPTIFF is missing or damaged: the name and color of its channel are left out. Export it anew.",
);

/** Of what a microscope or scanner wrote: Zeiss's LSM, Hamamatsu's NDPI, Leica's SCN. */
async function scannedSize(first: Directory, text: string): Promise<PixelSize | null> {
  const lsm = await readLsm(first);
  if (lsm) return lsm.pixelSize;
  return hasSpecimenResolution(first, text) ? await specimenSize(first) : null;
}

/** The format promises that resolution tags are those of the specimen; other software writes those of a printer or screen. */
async function specimenSize(first: Directory): Promise<PixelSize | null> {
  const length = await lenient(async () => MICROMETERS.get(await first.number(TAG.resolutionUnit, 2)) ?? null);
  return length === null ? null : await resolutionSize(first, length, "µm");
}

/** Of tags that tell pixels per so many of the unit. */
async function resolutionSize(directory: Directory, length: number, unit: string): Promise<PixelSize | null> {
  return await lenient(async () => {
    const x = length / (await directory.number(TAG.xResolution, 0));
    const y = length / (await directory.number(TAG.yResolution, 0));
    return x > 0 && y > 0 && Number.isFinite(x + y) ? { x, y, unit } : null;
  });
}

/** Names of pages are those of channels where each page is one, and has one of its own. */
async function pageNames(planes: Planes, full: Page): Promise<ToldImage> {
  const { columns } = planes.arrangement;
  if (columns < 2 || full.samples > 1) return NOTHING_TOLD;
  const names: (string | null)[] = [];
  for (let column = 0; column < columns; column++) {
    const directory = planes.ownDirectory(column);
    names.push(directory && shownName((await lenientText(directory, TAG.pageName, MAX_PAGE_NAME_BYTES)) ?? ""));
  }
  if (areNames(names)) return { ...NOTHING_TOLD, channels: names.map((name) => ({ name, color: null })) };
  return names.every((name) => name === null) ? NOTHING_TOLD : { ...NOTHING_TOLD, warnings: [NAMES_OF_PAGES] };
}

const NAMES_OF_PAGES = imageWarning(
  "NAMES_NOT_MATCHED",
  "Names of its pages do not tell its channels apart: they are left out. Give each page a name of its own.",
);

/** Null: it is missing, damaged or longer than `limit`. */
async function lenientText(directory: Directory, tag: number, limit: number): Promise<string | null> {
  return await lenient(async () => await directory.text(tag, limit));
}
