import { plainChannel, plainImage } from "../plain-info.ts";
import type { Sidecars } from "../sidecars/read.ts";
import { reasonOf, sidecarNotRead } from "../sidecars/warning.ts";
import type { ImageSource, Store } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { storedLevel } from "./describe.ts";
import type { Directory } from "./directory.ts";
import type { FoundMask } from "./mask.ts";
import type { Mask, MaskPlane } from "./masked.ts";
import { readXml } from "./metadata/xml.ts";
import { outlinesOf, planesOf } from "./outer-overviews.ts";
import { type TiffMedium, TiffSource } from "./source.ts";
import { TAG } from "./tags.ts";

/** The image that a mask lies over. */
export interface Masked {
  readonly width: number;
  readonly height: number;
  /** As they are stored, before a palette makes others of them. */
  readonly channels: number;
  /** Where a channel lies. */
  readonly locate: ImageSource["locate"];
}

/** Bit of GDAL's mask flags (GMF_PER_DATASET): the first band counts for all. */
const PER_DATASET = 2;
const MAX_METADATA_BYTES = 2 ** 20;

/**
 * The mask of an image in a file beside it (GDAL's .msk): a band for all channels, or one for each. `why`: what keeps it from being applied, null:
 * nothing. What cannot be applied is a warning.
 */
export async function readOuterMask(
  image: Masked,
  { mask, maskOverviews }: Sidecars,
  medium: TiffMedium,
  mostChunkMiB: number,
  why: string | null,
): Promise<FoundMask> {
  if (!mask) return { mask: null, warnings: [] };
  try {
    if (why !== null) throw unreadable(why);
    const own = await outlinesOf(mask, mostChunkMiB);
    const full = own.find(({ width, height }) => width === image.width && height === image.height);
    if (!full) throw unreadable("it has another size");
    const { levels, warnings } = await coarseLevels(maskOverviews, mostChunkMiB);
    const others = own.filter((one) => one !== full).map(({ directory }) => directory);
    return { mask: await openMask(image, full.directory, [...others, ...levels], medium), warnings };
  } catch (error) {
    return { mask: null, warnings: [sidecarNotRead("mask", reasonOf(error))] };
  }
}

async function coarseLevels(store: Store | null, mostChunkMiB: number) {
  try {
    const levels = store ? await outlinesOf(store, mostChunkMiB) : [];
    return { levels: levels.map(({ directory }) => directory), warnings: [] };
  } catch (error) {
    return { levels: [], warnings: [sidecarNotRead("maskOverviews", reasonOf(error))] };
  }
}

async function openMask(
  { width, height, channels, locate }: Masked,
  full: Directory,
  reduced: readonly Directory[],
  medium: TiffMedium,
): Promise<Mask> {
  const planes = await planesOf(full, reduced);
  const [first] = planes.levels;
  if (!first || (first.dataType !== "bit" && first.dataType !== "uint8")) throw unreadable("it is not of 1 or 8 bits");
  const { samples, dataType } = first;
  const isPerChannel = samples > 1 && !(await isPerDataset(full));
  if (isPerChannel && samples !== channels)
    throw unreadable(`it has ${samples} bands, where the image has ${channels} channels`);
  const info = plainImage({
    ...{ format: "TIFF", width, height, levels: planes.levels.map(storedLevel) },
    channels: Array.from({ length: samples }, (_, index) => plainChannel({ index, name: `mask ${index}`, dataType })),
  });
  const source = new TiffSource(info, planes, medium);
  const all = [{ ...source.locate(0), over: null }];
  if (!isPerChannel) return { source, planesOf: () => all };
  const byGroup = new Map<number, readonly MaskPlane[]>();
  for (let channel = 0; channel < channels; channel++) {
    const { group, sample } = locate(channel);
    byGroup.set(group, [...(byGroup.get(group) ?? []), { ...source.locate(channel), over: sample }]);
  }
  return { source, planesOf: (group) => byGroup.get(group) ?? [] };
}

/** Of several bands GDAL tells whether the first counts for all of them. */
async function isPerDataset(directory: Directory): Promise<boolean> {
  const xml = (await directory.text(TAG.gdalMetadata, MAX_METADATA_BYTES)) ?? "";
  let [name, flags] = ["", 0];
  if (xml !== "")
    readXml(xml, {
      open: (_, attributes) => {
        name = attributes.name ?? "";
      },
      close: (_, text) => {
        if (name === "INTERNAL_MASK_FLAGS_1") flags = Number(text) || flags;
      },
    });
  return (flags & PER_DATASET) !== 0;
}
