import { withNamedAlpha } from "../alpha.ts";
import { ConvertedColorSource } from "../color/converted.ts";
import { type FoundColors, findColors, MAX_PROFILE_BYTES } from "../color/find.ts";
import { joinIdentities, textIdentity } from "../identity.ts";
import { plainChannel, plainImage } from "../plain-info.ts";
import type { Folder, ImageSource, StoredLevel, WholeBlob } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import type { ImageWarning } from "../warnings.ts";
import { readDeepZoom } from "./deep-zoom.ts";
import { readIiif } from "./iiif.ts";
import { MAX_TILE_BYTES, type TilePyramid } from "./pyramid.ts";
import { TilesSource } from "./source.ts";
import { coloursOfTile, type TileColours } from "./tile.ts";
import { readXyz } from "./xyz.ts";
import { readZoomify } from "./zoomify.ts";

const MAX_DESCRIPTOR_BYTES = 2 ** 20;
const ZOOMIFY = "ImageProperties.xml";
const IIIF = "info.json";
const TMS = "tilemapresource.xml";
const DESCRIPTORS = [ZOOMIFY, IIIF, TMS];
/** Stands for a folder that says nothing but by the names of its tiles. */
const XYZ = "{z}/{x}/{y}";
/** Tiles that are looked at for one that tells the colours, coarse ones first. */
const MAX_SAMPLES = 16;

/** A file whose name says that it describes tiles beside it. */
export function isDescriptor(name: string): boolean {
  return /\.dzi$/i.test(name) || name === ZOOMIFY || name === IIIF || name === TMS;
}

/** Which of the layouts a folder has; null: none. */
export async function tilesDescriptor(folder: Folder): Promise<string | null> {
  const found = await Promise.all(DESCRIPTORS.map((name) => folder.get(name, MAX_DESCRIPTOR_BYTES)));
  const descriptor = DESCRIPTORS.find((_, index) => found[index]);
  if (descriptor) return descriptor;
  const names = (await folder.list("", 1000)) ?? [];
  return names.some((name) => /^\d{1,2}$/.test(name)) ? XYZ : null;
}

/**
 * Tiles of a pyramid that were cut before: Deep Zoom, Zoomify, IIIF level 0, XYZ and TMS. Each colour is a channel. The source owns the folder
 * then. SOURCE_UNREADABLE names what the descriptor or its tiles lack.
 */
export async function openTiles(folder: Folder, descriptor: string): Promise<ImageSource> {
  const document = descriptor === XYZ ? null : await folder.get(descriptor, MAX_DESCRIPTOR_BYTES);
  if (descriptor !== XYZ && !document) throw unreadable("its tiles have no descriptor");
  const pyramid = await read(folder, descriptor, document);
  const sample = await sampleTile(folder, pyramid);
  const colours = await coloursOfTile(sample?.bytes ?? null, pyramid.sparse);
  const identity = joinIdentities([
    document?.identity ?? textIdentity(JSON.stringify(pyramid)),
    ...(document ? [] : sample ? [sample.identity] : []),
  ]);
  const { colors, warnings } = colorsOf(colours);
  const info = describe(pyramid, colours, warnings);
  const source = withNamedAlpha(new TilesSource(info, identity, folder, pyramid, colours));
  return colors ? new ConvertedColorSource(source, colors) : source;
}

/** What all tiles mean, as one of them says. */
function colorsOf({ names, dataType, profile }: TileColours): FoundColors {
  const channels = [...names.keys()].filter((at) => names[at] !== "alpha");
  const space = channels.length === 1 ? "gray" : "rgb";
  const isLarge = profile !== null && profile.length > MAX_PROFILE_BYTES;
  return findColors({ channels, space, dataType, profile: isLarge ? "too large" : profile });
}

async function read(folder: Folder, descriptor: string, document: WholeBlob | null): Promise<TilePyramid> {
  const text = document ? new TextDecoder().decode(document.bytes) : "";
  if (descriptor === ZOOMIFY) return readZoomify(text);
  if (descriptor === IIIF) return readIiif(text);
  if (descriptor === TMS) return readXyz(folder, text);
  if (descriptor === XYZ) return readXyz(folder, null);
  return readDeepZoom(text, descriptor);
}

/** Any tile, from the coarsest level up. */
async function sampleTile(folder: Folder, { levels, tileWidth, tileHeight }: TilePyramid): Promise<WholeBlob | null> {
  let looked = 0;
  for (const level of levels.toReversed())
    for (let y = 0; y * tileHeight < level.height; y++)
      for (let x = 0; x * tileWidth < level.width; x++)
        for (const path of level.paths(x, y)) {
          if (++looked > MAX_SAMPLES * 4) return null;
          const found = await folder.get(path, MAX_TILE_BYTES);
          if (found) return found;
        }
  return null;
}

function describe(pyramid: TilePyramid, { names, dataType }: TileColours, warnings: readonly ImageWarning[]) {
  const { format, tileWidth, tileHeight } = pyramid;
  const levels = pyramid.levels.map(
    ({ width, height }): StoredLevel => ({
      width,
      height,
      chunkWidth: tileWidth,
      chunkHeight: tileHeight,
      codec: "tiles",
    }),
  );
  const [full] = levels;
  if (!full) throw unreadable("its descriptor names no levels");
  return plainImage({
    ...{ format, width: full.width, height: full.height, levels },
    channels: names.map((name, index) => plainChannel({ index, name, dataType })),
    warnings,
  });
}
