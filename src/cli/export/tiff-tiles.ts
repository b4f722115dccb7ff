import { promisify } from "node:util";
import { deflate } from "node:zlib";
import sharp from "sharp";
import type { Encoding } from "../../render/index.ts";
import { readFrame } from "../../source/tiff/codec/jpeg-frame.ts";
import { ascii, type Fields, short, WRITE_TAG } from "../../source/tiff/write-fields.ts";
import { predict } from "../../source/tiff/write-tile.ts";

/** How the pixels of a TIFF are kept: as colours without loss or as JPEG, or as the numbers before they are shown. */
export type TiffContent = "deflate" | "jpeg" | "values";

/** What tiles of a picture are, as a TIFF says it. */
export interface TileForm {
  readonly channels: number;
  readonly rgb: boolean;
  /** Fields of every directory. */
  readonly fields: Fields;
}

const YCBCR = 6;
const UNASSOCIATED_ALPHA = 2;
/** Differences of pictures: more effort takes three times as long for some percent. */
const EFFORT = 4;
/** Full range of JPEG, a pair for each of Y, Cb and Cr (TIFF Technical Note 2). */
const JPEG_RANGE = [0, 255, 128, 255, 128, 255];

const deflated = promisify(deflate);

/** How a tile is asked for, so that it can be put in: whole where its bytes are kept as they are. */
export function tileRequest(content: TiffContent, quality: number): { encoding: Encoding; pad: boolean } {
  const format = ({ deflate: "png", jpeg: "jpeg", values: "npy" } as const)[content];
  return { encoding: { format, quality, lossless: false }, pad: content === "jpeg" };
}

/** Told by one tile: all tiles of a formula have the same channels. */
export async function tileForm(content: TiffContent, tile: Uint8Array): Promise<TileForm> {
  if (content === "jpeg") return jpegForm(tile);
  if (content === "values") {
    const fields: Fields = new Map([[WRITE_TAG.gdalNodata, ascii("nan")]]);
    return { channels: readNpy(tile).planes, rgb: false, fields };
  }
  const { channels } = await sharp(tile).metadata();
  const fields: Fields = new Map(channels === 4 ? [[WRITE_TAG.extraSamples, short(UNASSOCIATED_ALPHA)]] : []);
  return { channels, rgb: channels >= 3, fields };
}

/** Every stream brings its own tables, so there are no JPEGTables. */
function jpegForm(tile: Uint8Array): TileForm {
  const frame = readFrame(tile);
  if (!frame) throw new Error("A tile is no JPEG.");
  if (frame.components === 1) return { channels: 1, rgb: false, fields: new Map() };
  // Sampling factors of the first component (ITU-T T.81, B.2.2).
  const factors = tile[frame.at + 11] ?? 0x11;
  const fields: Fields = new Map([
    [WRITE_TAG.photometric, short(YCBCR)],
    [WRITE_TAG.ycbcrSubsampling, short(factors >> 4, factors & 15)],
    [WRITE_TAG.referenceBlackWhite, { type: "rational", values: JPEG_RANGE }],
  ]);
  return { channels: 3, rgb: true, fields };
}

/** A tile as the file holds it: one block of bytes, or one for each plane. */
export async function packTile(
  content: TiffContent,
  tile: Uint8Array,
  tileSize: number,
  { channels }: TileForm,
): Promise<readonly Uint8Array[]> {
  if (content === "jpeg") return [tile];
  if (content === "values") return packValues(tile, tileSize);
  // Without being told sharp gives gray as colour.
  const picture = sharp(tile).toColourspace(channels === 1 ? "b-w" : "srgb");
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  if (info.channels !== channels) throw new Error("A tile has other channels than the first one.");
  const whole = new Uint8Array(tileSize * tileSize * channels);
  copyRows(data, info.width * channels, whole, tileSize * channels);
  return [await deflated(predict(whole, tileSize, new Uint8Array(whole.length), channels), { level: EFFORT })];
}

function packValues(tile: Uint8Array, tileSize: number): Promise<readonly Uint8Array[]> {
  const { planes, width, height, values } = readNpy(tile);
  const blocks = Array.from({ length: planes }, (_, plane) => {
    const whole = new Float32Array(tileSize * tileSize).fill(Number.NaN);
    copyRows(values.subarray(plane * width * height, (plane + 1) * width * height), width, whole, tileSize);
    return deflated(predict(whole, tileSize, new Uint8Array(whole.byteLength)), { level: EFFORT });
  });
  return Promise.all(blocks);
}

/** Rows of an edge tile to the top left of a whole one. */
function copyRows<Samples extends Uint8Array | Float32Array>(
  from: Samples,
  fromLength: number,
  to: Samples,
  toLength: number,
): void {
  for (let row = 0; row * fromLength < from.length; row++)
    to.set(from.subarray(row * fromLength, (row + 1) * fromLength), row * toLength);
}

/** What our own encoder writes: float32, C order, (planes, height, width) or (height, width). */
function readNpy(file: Uint8Array) {
  const header = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const start = 10 + header.readUInt16LE(8);
  const [, shape = ""] = /'shape': \(([^)]*)\)/.exec(header.toString("latin1", 10, start)) ?? [];
  const sides = shape.split(",").map(Number);
  const [height = 0, width = 0] = sides.slice(-2);
  const values = new Float32Array(file.slice(start).buffer);
  return { planes: sides.length > 2 ? (sides[0] ?? 1) : 1, width, height, values };
}
