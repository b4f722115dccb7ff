import { type ImageWarning, imageWarning } from "../warnings.ts";
import type { PlainKind } from "./kind.ts";

/** Chunks begin behind the signature (PNG, third edition, sections 5.2 and 5.3): length, type, data, checksum. */
const SIGNATURE_BYTES = 8;
const HEAD_BYTES = 8;
const CHECKSUM_BYTES = 4;
/** What tells of colors stands before the picture, and others have few chunks there. */
const MAX_CHUNKS = 64;

/** Of gAMA, in 100,000ths: 1/2.2, which stands for sRGB. Decoders take what is within 5 percent for the same. */
const SRGB_GAMMA = 45_455;
const GAMMA_TOLERANCE = 0.05;
/** Of cHRM, in 100,000ths: x and y of white, red, green and blue of sRGB. */
const SRGB_PLACES = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
const PLACE_TOLERANCE = 1_000;
/** Code points of ITU-T H.273: primaries of BT.709, and curves that are shown as sRGB (BT.709, BT.601, sRGB, BT.2020); 2 says nothing. */
const SRGB_PRIMARIES: readonly number[] = [1, 2];
const SRGB_CURVES: readonly number[] = [1, 2, 6, 13, 14, 15];
/** The box of them in AVIF (ISO/IEC 14496-12, section 12.1.5), which stands before the picture. */
const AVIF_CODE = "colrnclx";
const AVIF_HEAD_BYTES = 65_536;

/**
 * What a picture says of its colors otherwise than by a profile, where that is another space than sRGB: its samples are shown as they are
 * stored. None where it has a profile or says that it is of sRGB, which go before the others.
 */
export function toldColorWarnings(file: Buffer, kind: PlainKind): readonly ImageWarning[] {
  return kind === "PNG" ? pngWarnings(file) : kind === "AVIF" ? avifWarnings(file) : [];
}

function avifWarnings(file: Buffer): readonly ImageWarning[] {
  const head = file.subarray(0, AVIF_HEAD_BYTES);
  const at = head.indexOf(AVIF_CODE, 0, "latin1");
  const code = head.subarray(at + AVIF_CODE.length, at + AVIF_CODE.length + 4);
  if (at < 0 || code.length < 4 || head.includes("colrprof", 0, "latin1") || head.includes("colrrICC", 0, "latin1"))
    return [];
  return isSrgbCode(code.readUInt16BE(), code.readUInt16BE(2)) ? [] : [notApplied("nclx")];
}

function pngWarnings(file: Buffer): readonly ImageWarning[] {
  const chunks = chunksOf(file);
  const coded = chunks.get("cICP");
  if (coded) return isSrgbCode(coded[0], coded[1]) ? [] : [notApplied("cICP")];
  if (chunks.has("iCCP") || chunks.has("sRGB")) return [];
  const others = [
    ...(isOtherGamma(chunks.get("gAMA")) ? ["gAMA"] : []),
    ...(isElsewhere(chunks.get("cHRM")) ? ["cHRM"] : []),
  ];
  return others.length > 0 ? [notApplied(others.join(", "))] : [];
}

/** Data of the chunks before the picture, by type. */
function chunksOf(file: Buffer): ReadonlyMap<string, Buffer> {
  const chunks = new Map<string, Buffer>();
  let at = SIGNATURE_BYTES;
  for (let count = 0; count < MAX_CHUNKS && at + HEAD_BYTES <= file.length; count++) {
    const length = file.readUInt32BE(at);
    const type = file.toString("latin1", at + 4, at + HEAD_BYTES);
    if (type === "IDAT") break;
    chunks.set(type, file.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length));
    at += HEAD_BYTES + length + CHECKSUM_BYTES;
  }
  return chunks;
}

/** Left out where the data end before it: it says nothing. */
function isSrgbCode(primaries = 2, curve = 2): boolean {
  return SRGB_PRIMARIES.includes(primaries) && SRGB_CURVES.includes(curve);
}

function isOtherGamma(data: Buffer | undefined): boolean {
  if (!data || data.length < 4) return false;
  return Math.abs(data.readUInt32BE() / SRGB_GAMMA - 1) > GAMMA_TOLERANCE;
}

function isElsewhere(data: Buffer | undefined): boolean {
  if (!data || data.length < 4 * SRGB_PLACES.length) return false;
  return SRGB_PLACES.some((place, index) => Math.abs(data.readUInt32BE(4 * index) - place) > PLACE_TOLERANCE);
}

function notApplied(chunks: string): ImageWarning {
  return imageWarning(
    "PROFILE_NOT_APPLIED",
    `It says without a color profile that its colors are not those of sRGB (${chunks}), which is not applied: they are shown as they are stored. Convert it to sRGB, or give it a profile.`,
  );
}
