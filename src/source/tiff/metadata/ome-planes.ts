import { unreadable } from "../../unreadable.ts";
import type { OmeMetadata, TiffData } from "./ome.ts";

/** A plane in another file of a set. */
export interface PartName {
  /** As the document writes it. */
  readonly file: string;
  readonly uuid: string | null;
  readonly ifd: number;
}

/** Directories of another file that are counted; see the chain of directories. */
const MAX_PART_IFDS = 20_000;

/**
 * The directory of each plane, at (t · sizeZ + z) · columns + column: its number in this file, or a place in another; null: nowhere. Planes follow each other in
 * DimensionOrder from where a TiffData element begins (OME-TIFF specification). A column is a directory's worth of channels.
 */
export function planeIfds(ome: OmeMetadata, ifdCount: number): readonly (number | PartName | null)[] {
  const { sizeZ, sizeT, dimensionOrder } = ome;
  const isOwn = ownData(ome);
  const columns = columnsOf(ome, isOwn, ifdCount);
  const total = columns * sizeZ * sizeT;
  const sizes = { C: columns, Z: sizeZ, T: sizeT };
  const [a, b, c] = [...dimensionOrder.slice(2)] as ["C" | "Z" | "T", "C" | "Z" | "T", "C" | "Z" | "T"];
  const rank = (at: Record<"C" | "Z" | "T", number>) => at[a] + sizes[a] * (at[b] + sizes[b] * at[c]);
  const slotOfRank = (position: number) => {
    const at = { C: 0, Z: 0, T: 0 };
    at[a] = position % sizes[a];
    at[b] = Math.floor(position / sizes[a]) % sizes[b];
    at[c] = Math.floor(position / (sizes[a] * sizes[b]));
    return (at.T * sizeZ + at.Z) * columns + at.C;
  };
  const planes = new Array<number | PartName | null>(total).fill(null);
  let assigned = 0;
  for (const data of ome.tiffData.length > 0 ? ome.tiffData : [EVERYTHING]) {
    const { ifd, first, count, uuid, file } = data;
    const own = isOwn(data);
    // Begun outside the sizes it names no plane; its rank would be another plane's.
    if ((!own && file === null) || first.c >= columns || first.z >= sizeZ || first.t >= sizeT) continue;
    // Without IFD and PlaneCount all directories are meant, an IFD alone means one plane; how many another file has nobody knows yet.
    const planesNamed = count ?? (ifd === null && own ? ifdCount : 1);
    const end = own ? ifdCount : MAX_PART_IFDS;
    const start = rank({ C: first.c, Z: first.z, T: first.t });
    for (let index = 0; index < planesNamed && start + index < total; index++) {
      const directory = (ifd ?? 0) + index;
      if (directory >= end) break;
      if (++assigned > total) throw unreadable("its OME-XML gives planes more than one directory");
      planes[slotOfRank(start + index)] = own || file === null ? directory : { file, uuid, ifd: directory };
    }
  }
  return planes;
}

const EVERYTHING: TiffData = { ifd: null, first: { c: 0, z: 0, t: 0 }, count: null, uuid: null, file: null };

/** Whether planes are in this very file: a document without a UUID of its own that names a single other one means itself. */
function ownData({ uuid: own, tiffData }: OmeMetadata): (data: TiffData) => boolean {
  const names = new Set(tiffData.map(({ uuid }) => uuid));
  const single = own === null && names.size === 1;
  return ({ uuid }) => single || uuid === null || uuid === own;
}

/** Channels that are not described lie in a directory each, or together in one where there are too few directories. */
function columnsOf(
  { channels, sizeC, sizeZ, sizeT, tiffData }: OmeMetadata,
  isOwn: (data: TiffData) => boolean,
  ifdCount: number,
): number {
  if (channels.length > 0) return channels.length;
  // Other files hold directories too: what the elements begin with tells how many channels there are.
  if (tiffData.some((data) => !isOwn(data))) return tiffData.some(({ first }) => first.c > 0) ? sizeC : 1;
  return sizeC * sizeZ * sizeT <= ifdCount ? sizeC : 1;
}
