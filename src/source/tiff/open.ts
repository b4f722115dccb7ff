import { BandloomError } from "../../core/errors.ts";
import { type Alpha, AlphaSource } from "../alpha.ts";
import { SERVED_CHUNK_MIB } from "../chunk-limit.ts";
import { ConvertedColorSource } from "../color/converted.ts";
import { type Identity, joinIdentities, withAbsent } from "../identity.ts";
import { NO_SIDECARS, type ReadSidecars } from "../sidecars/read.ts";
import type { Folder, ImageSource, Store } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { imageWarning } from "../warnings.ts";
import { type Arrangement, arrangeImageJ, arrangeOme, arrangePlain } from "./arrangement.ts";
import { readChain } from "./chain.ts";
import { describe, type Known } from "./describe.ts";
import type { Directory } from "./directory.ts";
import { readHeader } from "./header.ts";
import { MaskedSource } from "./masked.ts";
import { parseImageJ } from "./metadata/image-j.ts";
import { looksLikeOme, type OmeDocument, type OmeMetadata, omeImage, otherImages, parseOme } from "./metadata/ome.ts";
import { beginsWithOverview } from "./metadata/slides.ts";
import { withoutMissing } from "./missing-parts.ts";
import { joinedSource, type Outer, readOuter, usefulBeside } from "./outer.ts";
import { type Palette, PaletteSource } from "./palette.ts";
import { Parts } from "./parts.ts";
import { Planes } from "./planes.ts";
import { readSeries } from "./series.ts";
import type { TiffMedium } from "./source.ts";
import { TAG } from "./tags.ts";
import { arrangeTold, withoutThumbnails } from "./told-stacks.ts";
import { TurnedSource, turnOf } from "./turned.ts";

const MAX_DESCRIPTION_BYTES = 64 * 2 ** 20;
const MAX_SHOWN_DESCRIPTION = 4096;

export interface TiffOptions {
  /** Which image of a file that holds several, from 0; 0 where absent. */
  readonly series?: number;
  /** The folder of the file, where the other files of a multi-file OME-TIFF lie; the source owns it then. */
  readonly siblings?: Folder | null;
  /** Reads what lies beside the file; left out: nobody knows where it lies. */
  readonly beside?: ReadSidecars | null;
  /** See SourceContext. */
  readonly mostChunkMiB?: number;
}

/**
 * Open a TIFF file: classic or BigTIFF, with its pyramid, its channels, its mask and its palette, turned as its Orientation says. The
 * source owns the store then. Rejects with SOURCE_UNREADABLE and the reason, NOT_FOUND where it has fewer images; everything that the
 * file claims is bounded before memory is taken for it.
 */
export async function openTiff(store: Store, options: TiffOptions = {}): Promise<ImageSource> {
  const { series = 0, siblings = null, beside = null, mostChunkMiB = SERVED_CHUNK_MIB } = options;
  const { file, firstDirectory } = await readHeader(store, mostChunkMiB);
  const directories = await readChain(file, firstDirectory);
  const text = (await directories[0]?.text(TAG.imageDescription, MAX_DESCRIPTION_BYTES)) ?? "";
  const contents = looksLikeOme(text)
    ? await omeContents(directories, await wholeDocument(text, siblings), series)
    : await plainContents(directories, text, series);
  const parts = siblings && new Parts(siblings, mostChunkMiB);
  // What lies beside is of the first image of a file that holds several.
  const files = { store, parts, siblings, beside: series === 0 ? beside : null };
  try {
    return await openContents(contents, files);
  } catch (error) {
    parts?.release();
    throw error;
  }
}

interface Files {
  readonly store: Store;
  readonly parts: Parts | null;
  readonly siblings: Folder | null;
  readonly beside: ReadSidecars | null;
}

async function openContents(contents: Contents, { store, parts, siblings, beside }: Files): Promise<ImageSource> {
  const { arrangement, identity, known } = contents;
  const planes = await Planes.open(await withoutMissing(arrangement, parts, siblings), parts, "image");
  assertFits(known.ome, planes);
  const sidecars = beside ? await beside(await usefulBeside(planes)) : NO_SIDECARS;
  const all = [...(identity ? [identity] : []), ...(parts?.identities ?? []), ...sidecars.identities];
  const medium: TiffMedium = {
    identity: withAbsent(joined([store.identity, ...all]), sidecars.absent),
    remote: store.readMany !== undefined || (parts?.remote ?? false),
    close: async () => {
      parts?.release();
      await sidecars.close();
      await siblings?.close();
      await store.close();
    },
  };
  try {
    const outer = await readOuter(planes, sidecars, medium);
    const { info, alphas, palette, colors } = await describe(planes, { ...known, place: sidecars.place }, outer);
    const stored = joinedSource(info, planes, outer, medium);
    const source = await shown(stored, planes, { palette, alphas, mask: outer.mask });
    return colors ? new ConvertedColorSource(source, colors) : source;
  } catch (error) {
    await sidecars.close();
    throw error;
  }
}

/** A single file keeps its own. */
function joined(identities: readonly Identity[]): Identity {
  const [only] = identities;
  return only && identities.length === 1 ? only : joinIdentities(identities);
}

interface Contents {
  /** Of metadata in another file. */
  readonly identity: Identity | null;
  readonly arrangement: Arrangement;
  readonly known: Omit<Known, "place">;
}

interface Document {
  readonly ome: OmeDocument;
  /** Of the file that it stands in, where that is not the image's own. */
  readonly identity: Identity | null;
}

/** Metadata may stand in a file of their own (OME-XML's BinaryOnly). */
async function wholeDocument(text: string, siblings: Folder | null): Promise<Document> {
  const own = parseOme(text);
  const { metadataFile, uuid } = own;
  if (metadataFile === null || own.images.length > 0) return { ome: own, identity: null };
  const found = await siblings?.get(metadataFile, MAX_DESCRIPTION_BYTES);
  if (!found) throw unreadable("its metadata are in another file, which is missing");
  return { ome: { ...parseOme(new TextDecoder().decode(found.bytes)), uuid }, identity: found.identity };
}

async function omeContents(
  directories: readonly Directory[],
  { ome: document, identity }: Document,
  series: number,
): Promise<Contents> {
  const seriesCount = Math.max(1, document.images.length);
  assertSeries(series, seriesCount);
  const ome = omeImage(document, series);
  const arrangement = await arrangeOme(directories, ome, otherImages(document, series));
  return { arrangement, identity, known: { ome, imageJ: null, description: null, seriesCount, warnings: [] } };
}

async function plainContents(directories: readonly Directory[], text: string, number: number): Promise<Contents> {
  const all = await readSeries(await withoutThumbnails(directories), beginsWithOverview(text));
  const series = all[number];
  if (all.length === 0) throw unreadable("it holds no image");
  assertSeries(number, all.length);
  if (!series) throw unreadable("it holds no image");
  const imageJ = number === 0 ? parseImageJ(text) : null;
  const stack = imageJ && arrangeImageJ(series, imageJ);
  const told = imageJ || number > 0 ? null : await arrangeTold(series, text);
  const isForPeople = number === 0 && !/^\s*[{<[]|^ImageJ=/.test(text);
  return {
    arrangement: stack ?? told?.arrangement ?? arrangePlain(series),
    identity: null,
    known: {
      ...{ ome: null, imageJ, seriesCount: all.length },
      description: (isForPeople && text.trim().slice(0, MAX_SHOWN_DESCRIPTION)) || null,
      warnings: imageJ && !stack ? [OTHER_PLANES] : (told?.warnings ?? []),
    },
  };
}

const OTHER_PLANES = imageWarning(
  "METADATA_NOT_USED",
  "ImageJ's description counts other planes than it has: each directory is a channel. Save it anew in ImageJ.",
);

function assertSeries(series: number, count: number): void {
  if (series < count) return;
  throw new BandloomError(
    "NOT_FOUND",
    `The image file holds ${count === 1 ? "1 image" : `${count} images`}, counted from 0.`,
  );
}

/** Sizes that the XML and the directories tell must agree, or the planes would be mixed up. */
function assertFits(ome: OmeMetadata | null, { levels, arrangement }: Planes): void {
  const [full] = levels;
  if (!ome || !full) return;
  if (ome.sizeX !== full.width || ome.sizeY !== full.height)
    throw unreadable(
      `its OME-XML tells ${ome.sizeX} × ${ome.sizeY} pixels, its directories ${full.width} × ${full.height}`,
    );
  const channels = arrangement.columns * full.samples;
  if (ome.sizeC !== channels)
    throw unreadable(`its OME-XML tells ${ome.sizeC} channels, its directories have ${channels}`);
}

interface Applied {
  readonly palette: Palette | null;
  readonly alphas: readonly Alpha[];
  readonly mask: Outer["mask"];
}

/** Palette, alpha, mask and orientation applied, in this order. */
async function shown(stored: ImageSource, planes: Planes, { palette, alphas, mask }: Applied): Promise<ImageSource> {
  const directory = planes.ownDirectory(0);
  if (!directory) return stored;
  let source: ImageSource = stored;
  if (palette) source = new PaletteSource(source, palette);
  if (alphas.length > 0) source = new AlphaSource(source, alphas);
  // A palette's codes and its colors are groups of their own, both of them under the mask of the codes.
  const groups = source instanceof PaletteSource ? 2 : 1;
  if (mask) source = new MaskedSource(source, { ...mask, planesOf: (at) => mask.planesOf(Math.floor(at / groups)) });
  const turn = turnOf(await directory.number(TAG.orientation, 1));
  // The planes of OME-TIFF are as its XML describes them: no reader of such files turns them.
  return turn && stored.info.format === "TIFF" ? new TurnedSource(source, turn) : source;
}
