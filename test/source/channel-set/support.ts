import type { ChannelOverride, ChannelSet, ChannelSetMember } from "../../../src/source/channel-set/manifest.ts";
import { openChannelSet } from "../../../src/source/channel-set/open.ts";
import type { ImageInfo, ImageSource } from "../../../src/source/types.ts";
import { type MemoryImage, MemorySource } from "../../render/memory-source.ts";

export interface TestMember extends MemoryImage {
  /** What the description tells otherwise. */
  readonly told?: Partial<ImageInfo>;
  readonly resampling?: ChannelSetMember["resampling"];
  readonly chosen?: readonly (Partial<ChannelOverride> & { readonly channel: ChannelOverride["channel"] })[];
}

export interface OpenSet {
  readonly source: ImageSource;
  readonly members: readonly MemorySource[];
}

export function testSource({ told, ...image }: TestMember): MemorySource {
  const source = new MemorySource(image);
  if (told) (source as { info: ImageInfo }).info = { ...source.info, ...told };
  return source;
}

export function setOf(members: readonly TestMember[]): ChannelSet {
  return {
    ...{ name: null, description: null, kind: null },
    members: members.map(({ resampling = "bilinear", chosen }, index) => ({
      file: `${index}.tif`,
      resampling,
      channels: chosen?.map((one) => override(one)) ?? null,
    })),
  };
}

function override(given: Partial<ChannelOverride> & Pick<ChannelOverride, "channel">): ChannelOverride {
  return {
    ...{
      name: null,
      wavelengthNm: null,
      color: null,
      nodata: null,
      unit: null,
      scale: null,
      offset: null,
      window: null,
      kind: null,
    },
    ...given,
  };
}

/** A set of images in memory; `closed` of each tells whether it was closed. */
export async function openSet(members: readonly TestMember[]): Promise<OpenSet> {
  const sources = members.map(testSource);
  const source = await openChannelSet(setOf(members), async (file) => {
    const found = sources[Number.parseInt(file, 10)];
    if (!found) throw new Error(`no file ${file}`);
    return found;
  });
  return { source, members: sources };
}

/** A level of an image in one chunk, or in chunks of the size given. */
export function level(width: number, height: number, chunkWidth = width, chunkHeight = height) {
  return { width, height, chunkWidth, chunkHeight };
}
