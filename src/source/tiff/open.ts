import type { ImageSource, Store } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { arrangeOme, arrangePlain } from "./arrangement.ts";
import { readChain } from "./chain.ts";
import { describe } from "./describe.ts";
import type { Directory } from "./directory.ts";
import { readHeader } from "./header.ts";
import { looksLikeOme, type OmeMetadata, parseOme } from "./metadata/ome.ts";
import { Planes } from "./planes.ts";
import { TiffSource } from "./source.ts";
import { PHOTOMETRIC, TAG } from "./tags.ts";

const MAX_DESCRIPTION_BYTES = 64 * 2 ** 20;

/**
 * Open a TIFF file: classic or BigTIFF, with its pyramid and its channels. The source owns the store then. Rejects with
 * SOURCE_UNREADABLE and the reason; everything that the file claims is bounded before memory is taken for it.
 */
export async function openTiff(store: Store): Promise<ImageSource> {
  const { file, firstDirectory } = await readHeader(store);
  const directories = await readChain(file, firstDirectory);
  const ome = await readOme(directories);
  const arrangement = ome ? await arrangeOme(directories, ome) : await arrangePlain(directories);
  const planes = await Planes.open(file, arrangement);
  const info = await describe(planes, fitting(ome, planes), warningsOf(ome, planes));
  return new TiffSource(info, store, planes);
}

async function readOme([first]: readonly Directory[]): Promise<OmeMetadata | null> {
  const text = await first?.text(TAG.imageDescription, MAX_DESCRIPTION_BYTES);
  return text && looksLikeOme(text) ? parseOme(text) : null;
}

/** Sizes that the XML and the directories tell must agree, or the planes would be mixed up. */
function fitting(ome: OmeMetadata | null, { levels, arrangement }: Planes): OmeMetadata | null {
  const [full] = levels;
  if (!ome || !full) return ome;
  if (ome.sizeX !== full.width || ome.sizeY !== full.height)
    throw unreadable(
      `its OME-XML tells ${ome.sizeX} × ${ome.sizeY} pixels, its directories ${full.width} × ${full.height}`,
    );
  const channels = arrangement.columns * full.samples;
  if (ome.sizeC !== channels)
    throw unreadable(`its OME-XML tells ${ome.sizeC} channels, its directories have ${channels}`);
  return ome;
}

function warningsOf(ome: OmeMetadata | null, { levels }: Planes): readonly string[] {
  const palette = levels[0]?.photometric === PHOTOMETRIC.palette;
  return [
    ...(ome?.warnings ?? []),
    ...(palette ? ["It has a palette, which is not applied: its channel holds the numbers of colours."] : []),
  ];
}
