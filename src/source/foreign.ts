import { unreadable } from "./unreadable.ts";

/** A format of images that is known and not read. */
interface Foreign {
  /** Completes "it is …". */
  readonly kind: string;
  readonly endings: readonly string[];
  /** Its first bytes as Latin-1; null: they are those of a format that is read, and its ending tells. */
  readonly magic: string | null;
  readonly way: string;
}

const BIO_FORMATS = "convert it to OME-TIFF or OME-Zarr, for example with bfconvert or bioformats2raw";
const GDAL = "convert it to GeoTIFF, for example with gdal_translate";

const FOREIGN: readonly Foreign[] = [
  { kind: "CZI of Zeiss", endings: [".czi"], magic: "ZISRAWFILE", way: BIO_FORMATS },
  { kind: "ND2 of Nikon", endings: [".nd2"], magic: "\xda\xce\xbe\x0a", way: BIO_FORMATS },
  { kind: "LIF of Leica", endings: [".lif"], magic: "p\0\0\0", way: BIO_FORMATS },
  { kind: "OIB or ZVI", endings: [".oib", ".zvi"], magic: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", way: BIO_FORMATS },
  { kind: "IMS of Imaris", endings: [".ims"], magic: null, way: BIO_FORMATS },
  { kind: "the preview of a MIRAX slide", endings: [".mrxs"], magic: null, way: BIO_FORMATS },
  { kind: "the preview of a VSI slide", endings: [".vsi"], magic: null, way: BIO_FORMATS },
  { kind: "DICOM", endings: [".dcm"], magic: null, way: BIO_FORMATS },
  { kind: "HDF5 or NetCDF 4", endings: [".h5", ".hdf5"], magic: "\x89HDF\r\n\x1a\n", way: GDAL },
  { kind: "NetCDF", endings: [".nc"], magic: "CDF", way: GDAL },
  { kind: "FITS", endings: [".fits", ".fit", ".fts"], magic: "SIMPLE  =", way: GDAL },
];

/** SOURCE_UNREADABLE for a file of a format that is known by its name or first bytes and not read: it says which, and what to do. */
export function assertNotForeign(name: string, head: Uint8Array): void {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1");
  const byName = FOREIGN.find(({ endings }) => endings.some((ending) => name.toLowerCase().endsWith(ending)));
  // A TIFF that is called so is read; what is a mere preview is not.
  const found = byName?.magic === null ? byName : FOREIGN.find(({ magic }) => magic !== null && text.startsWith(magic));
  if (found) throw unreadable(`it is ${found.kind}, which is not read; ${found.way}`);
}
