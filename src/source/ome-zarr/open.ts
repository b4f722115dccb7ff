import { isFloat } from "../../core/dtype.ts";
import { AlphaSource } from "../alpha.ts";
import { SERVED_CHUNK_MIB } from "../chunk-limit.ts";
import { chunksIdentity, joinIdentities } from "../identity.ts";
import { plainChannel, plainImage } from "../plain-info.ts";
import { classPalette, PaletteSource } from "../tiff/palette.ts";
import type { ChannelInfo, Folder, ImageInfo, ImageSource, StoredLevel } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { boundedWarnings, type ImageWarning, imageWarning } from "../warnings.ts";
import { readArray, type ZarrArray } from "./array.ts";
import type { AxisName } from "./axes.ts";
import {
  Documents,
  isObject,
  type Json,
  type JsonObject,
  joinPath,
  MAX_DOCUMENT_BYTES,
  pathBelow,
} from "./documents.ts";
import { readImageLabel } from "./image-label.ts";
import { type Multiscale, readMultiscale } from "./multiscales.ts";
import { readDefaultPlane, readOmero } from "./omero.ts";
import { type OwnAttributes, readOwnAttributes } from "./own-attributes.ts";
import { indexShare } from "./shard.ts";
import { OmeZarrSource } from "./source.ts";

const MAX_CHANNELS = 4096;
const MAX_AXIS_NAME = 40;
/** Images of one group. */
const MAX_SERIES = 100_000;
/** Pixels a side from which on one level is slow to show small. */
const LARGE_SIDE = 4096;
/** Bytes of a chunk above which each tile reads far more than it shows. */
const LARGE_CHUNK_PIXELS = 2 ** 21;

/** Where a group has its attributes, and its consolidated metadata: asked for at once, for each question is a round trip. */
const GROUP_DOCUMENTS = ["zarr.json", ".zattrs", ".zmetadata"] as const;

/** A folder with a group or array of Zarr at its top. */
export async function looksLikeZarr(folder: Folder): Promise<boolean> {
  const hasOne = async (names: readonly string[]) => {
    const found = await Promise.all(names.map((name) => folder.get(name, MAX_DOCUMENT_BYTES)));
    return found.some((one) => one !== null);
  };
  // What opening will ask for comes first.
  return (await hasOne(GROUP_DOCUMENTS)) || hasOne([".zgroup", ".zarray"]);
}

/**
 * OME-Zarr 0.4 (Zarr 2) and 0.5 (Zarr 3). `series` picks one of several images of a group; `mostChunkMiB`: see SourceContext. The source owns
 * the folder then. Rejects with SOURCE_UNREADABLE and the rule that the metadata break.
 */
export async function openOmeZarr(
  folder: Folder,
  series = 0,
  mostChunkMiB: number = SERVED_CHUNK_MIB,
): Promise<ImageSource> {
  const documents = new Documents(folder);
  const group = await imageGroup(documents, series);
  const multiscale = readMultiscale(group.multiscale, group);
  const { axes, paths } = multiscale;
  const arrays = await Promise.all(
    paths.map((path) => readArray(documents, joinPath(group.path, path), group.version, mostChunkMiB)),
  );
  assertLevels(arrays, axes);
  const own = readOwnAttributes(group.own);
  const info = describe(group, multiscale, arrays, own);
  const chunks = folder.chunks && chunksIdentity(await folder.chunks(arrays.map(({ path }) => path)));
  const identity = chunks ? joinIdentities([documents.identity, chunks]) : documents.identity;
  return shown(new OmeZarrSource(info, identity, folder, arrays, axes), own);
}

/** Alpha and palette applied, as in the file that was converted. */
function shown(stored: OmeZarrSource, { alpha, isPalette }: OwnAttributes): ImageSource {
  const { channels } = stored.info;
  const [only, ...others] = channels;
  const palette = isPalette && only?.classes && others.length === 0 ? classPalette(only.classes) : null;
  if (palette) return new PaletteSource(stored, palette);
  if (alpha === null || alpha.channel >= channels.length || others.length === 0) return stored;
  const over = channels.flatMap(({ index }) => (index === alpha.channel ? [] : [index]));
  const multiplied = over.filter((channel) => alpha.multiplied.includes(channel));
  return new AlphaSource(stored, [{ channel: alpha.channel, over, multiplied }]);
}

interface Group {
  readonly path: string;
  readonly version: 2 | 3;
  /** Version of OME-NGFF; null: none is said. */
  readonly said: string | null;
  readonly multiscale: JsonObject;
  readonly omero: Json | undefined;
  readonly own: Json | undefined;
  readonly label: Json | undefined;
  readonly seriesCount: number;
}

/** The group of the wanted image: this one, or a numbered one below it (bioformats2raw's layout). */
async function imageGroup(documents: Documents, series: number): Promise<Group> {
  const root = await attributesOf(documents, "");
  if (!root) throw unreadable("it has no Zarr metadata at its top");
  const { attributes, version } = root;
  if (isList(attributes.multiscales)) return chosen(attributes, "", version, series, null);
  if (attributes["bioformats2raw.layout"] !== undefined) {
    const names = await seriesNames(documents);
    const path = names?.[series] ?? (names ? null : String(series));
    const below = path === null ? null : await attributesOf(documents, path);
    if (!below || !isList(below.attributes.multiscales))
      throw unreadable(`it holds no image number ${series}${names ? `, for it has ${names.length}` : ""}`);
    return chosen(below.attributes, path ?? "", below.version, 0, names?.length ?? 1);
  }
  if (attributes.plate !== undefined || attributes.well !== undefined)
    throw unreadable("it is a plate of many images; catalogue the images in it, such as plate.zarr/A/1/0");
  if (attributes.labels !== undefined)
    throw unreadable("it is a list of images of labels; catalogue those in it, such as image.zarr/labels/nuclei");
  throw unreadable(
    "it has no multiscales, and so is no OME-Zarr image; catalogue the images below it, if there are any",
  );
}

function chosen(
  attributes: JsonObject,
  path: string,
  version: 2 | 3,
  series: number,
  seriesCount: number | null,
): Group {
  const list = attributes.multiscales as readonly Json[];
  const multiscale = list[series];
  if (typeof multiscale !== "object" || multiscale === null || Array.isArray(multiscale))
    throw unreadable(`it holds no image number ${series}, for it has ${list.length}`);
  const image = multiscale as JsonObject;
  // 0.5 has it in the group, 0.4 in each image.
  const said = attributes.version ?? image.version;
  return {
    said: said === undefined || said === null ? null : String(said),
    ...{ path, version, omero: attributes.omero, own: attributes.bandloom },
    label: attributes["image-label"],
    multiscale: image,
    seriesCount: seriesCount ?? list.length,
  };
}

/**
 * Attributes of a group: Zarr 3 keeps them under `ome`, Zarr 2 in a document of their own. The metadata of what lies below may be consolidated
 * in it (Zarr 3) or beside it (Zarr 2).
 */
async function attributesOf(
  documents: Documents,
  path: string,
): Promise<{ readonly attributes: JsonObject; readonly version: 2 | 3 } | null> {
  await documents.fetch(GROUP_DOCUMENTS.map((name) => joinPath(path, name)));
  const group = await documents.read(joinPath(path, "zarr.json"));
  if (group) {
    const { consolidated_metadata: below } = group;
    if (isObject(below)) documents.consolidate(below.metadata, (name) => nodeOf(pathBelow(path, name)));
    if (group.node_type !== "group") throw unreadable("it is a bare array, and no OME-Zarr image");
    return { attributes: imageAttributes((group.attributes ?? {}) as JsonObject), version: 3 };
  }
  const all = await documents.read(joinPath(path, ".zmetadata"));
  documents.consolidate(all?.metadata, (name) => pathBelow(path, name));
  const attributes = await documents.read(joinPath(path, ".zattrs"));
  return attributes && { attributes: imageAttributes(attributes), version: 2 };
}

/** Zarr 3 has those of the image under `ome`, Zarr 2 beside the others; some writers have them where the other version has. */
function imageAttributes({ ome, ...others }: JsonObject): JsonObject {
  return isObject(ome) ? { ...ome, bandloom: others.bandloom ?? null } : others;
}

/** The group or array that a document of Zarr 3 describes. */
function nodeOf(path: string | null): string | null {
  return path?.endsWith("/zarr.json") ? path.slice(0, -"/zarr.json".length) : null;
}

async function seriesNames(documents: Documents): Promise<readonly string[] | null> {
  const found = await attributesOf(documents, "OME");
  const names = found?.attributes.series;
  if (!Array.isArray(names)) return null;
  if (names.length > MAX_SERIES) throw unreadable(`it lists ${names.length} images, where ${MAX_SERIES} are the most`);
  return (names as readonly Json[]).filter(
    (name): name is string => typeof name === "string" && /^[\w.-]{1,255}$/.test(name) && !/^\.+$/.test(name),
  );
}

/** Levels are the same image: of one type, with the same channels and times, each no larger than the one before. */
function assertLevels(arrays: readonly ZarrArray[], axes: readonly AxisName[]): void {
  const [full] = arrays;
  for (const [level, array] of arrays.entries()) {
    if (!full || array.shape.length !== axes.length)
      throw unreadable(`its array of level ${level} has ${array.shape.length} axes, its multiscales ${axes.length}`);
    if (array.dataType !== full.dataType) throw unreadable(`its levels 0 and ${level} have samples of different types`);
    for (const [index, axis] of axes.entries()) {
      const [own = 0, above = 0] = [array.shape[index], arrays[Math.max(0, level - 1)]?.shape[index]];
      if (axis === "c" || axis === "t" ? own !== full.shape[index] : own > above)
        throw unreadable(`its level ${level} is larger along ${axis} than the one before, or has other ${axis}`);
    }
    const channels = axes.indexOf("c");
    if (array.chunk[channels] !== full.chunk[channels])
      throw unreadable("its levels hold different numbers of channels in a chunk");
  }
}

function describe(group: Group, multiscale: Multiscale, arrays: readonly ZarrArray[], own: OwnAttributes): ImageInfo {
  const { axes, name, pixelSize, channelAxis, warnings } = multiscale;
  const [full] = arrays;
  if (!full) throw unreadable("it has no levels");
  const size = (array: ZarrArray, axis: AxisName) => array.shape[axes.indexOf(axis)] ?? 1;
  const chunk = (array: ZarrArray, axis: AxisName) => array.chunk[axes.indexOf(axis)] ?? 1;
  const count = size(full, "c");
  if (count > MAX_CHANNELS) throw unreadable(`it has ${count} channels, where ${MAX_CHANNELS} are the most`);
  const omero = readOmero(group.omero, count);
  const label = readImageLabel(group.label);
  const levels = arrays.map(
    (array): StoredLevel => ({
      width: size(array, "x"),
      height: size(array, "y"),
      chunkWidth: chunk(array, "x"),
      chunkHeight: chunk(array, "y"),
      codec: array.chain.name,
      ...chunkBytes(array, chunk(array, "x") * chunk(array, "y")),
    }),
  );
  const channels = Array.from({ length: count }, (_, index): ChannelInfo => {
    const said = omero.channels[index];
    return plainChannel({
      index,
      name: said?.label ?? `${channelAxis === null ? "b" : nameOf(channelAxis)}${index + 1}`,
      dataType: full.dataType,
      nodata: isFloat(full.dataType) && Number.isNaN(full.fill) ? Number.NaN : null,
      color: said?.color ?? null,
      window: said?.window ?? null,
      active: said?.active ?? null,
      ...label.channel,
      ...own.channels[index],
    });
  });
  const planes = { depth: size(full, "z"), times: size(full, "t") };
  return plainImage({
    format: group.version === 2 ? "OME-Zarr 0.4" : "OME-Zarr 0.5",
    ...{ name, seriesCount: group.seriesCount, channels, levels, pixelSize, georeference: own.georeference },
    ...{ width: size(full, "x"), height: size(full, "y"), ...planes, ...readDefaultPlane(group.omero, planes) },
    warnings: boundedWarnings([...warnings, ...omero.warnings, ...label.warnings, ...labelWarnings(label, full)]),
    advice: adviceOn(full, levels),
  });
}

function labelWarnings(
  { channel }: ReturnType<typeof readImageLabel>,
  { dataType }: ZarrArray,
): readonly ImageWarning[] {
  if (channel === null || !isFloat(dataType)) return [];
  const message = `Its samples are ${dataType}, where OME-NGFF demands whole numbers of an image of labels.`;
  return [imageWarning("METADATA_NOT_USED", message)];
}

/** Of an axis with a name of its own, as the names of its planes begin. */
function nameOf(axis: string): string {
  return axis.slice(0, MAX_AXIS_NAME);
}

/** Of chunks that hold more than one plane, or that have to be looked up in the index of a shard. */
function chunkBytes({ chunk, sampleBytes, sharding }: ZarrArray, pixels: number): Pick<StoredLevel, "chunkBytes"> {
  const samples = chunk.reduce((product, side) => product * side, 1);
  if (samples === pixels && !sharding) return {};
  return { chunkBytes: samples * sampleBytes + (sharding ? indexShare(sharding) : 0) };
}

function adviceOn(full: ZarrArray, levels: readonly StoredLevel[]): string[] {
  const [finest] = levels;
  const isLarge = finest !== undefined && Math.max(finest.width, finest.height) >= LARGE_SIDE;
  const pixels = full.chunk.reduce((product, side) => product * side, 1);
  return [
    ...(isLarge && levels.length === 1
      ? ["It has no pyramid: coarse levels are computed from full resolution, which is slow."]
      : []),
    ...(pixels > LARGE_CHUNK_PIXELS
      ? [
          `Its chunks hold ${pixels} samples: chunks of 256 or 512 pixels a side, of one plane, would be faster to read.`,
        ]
      : []),
  ];
}

function isList(value: Json | undefined): boolean {
  return Array.isArray(value) && value.length > 0;
}
