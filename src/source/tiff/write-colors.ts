import type { PlaneType } from "../../core/dtype.ts";
import type { ChannelClass } from "../types.ts";
import { classPalette } from "./palette.ts";
import { PHOTOMETRIC } from "./tags.ts";
import { type Fields, short, WRITE_TAG } from "./write-fields.ts";

/** How the samples of a directory make colors. */
export interface WrittenColors {
  /** PhotometricInterpretation. */
  readonly photometric: number;
  readonly samples: number;
  /** Which sample is the opacity of the others; null: none. */
  readonly alpha: WrittenAlpha | null;
}

export interface WrittenAlpha {
  readonly sample: number;
  /** Colors are stored multiplied by it. */
  readonly isMultiplied: boolean;
}

/** ExtraSamples (TIFF 6.0): of no stated meaning, alpha of colors that were multiplied by it, alpha of others. */
const EXTRA = { unspecified: 0, associated: 1, unassociated: 2 } as const;

const BASE_SAMPLES: ReadonlyMap<number, number> = new Map([
  [PHOTOMETRIC.rgb, 3],
  [PHOTOMETRIC.cmyk, 4],
  [PHOTOMETRIC.lab, 3],
  [PHOTOMETRIC.iccLab, 3],
]);

/** Samples that a photometric interpretation has of its own. */
export function baseSamples(photometric: number): number {
  return BASE_SAMPLES.get(photometric) ?? 1;
}

/** PhotometricInterpretation and ExtraSamples, for the directories of all levels alike. */
export function colorFields({ photometric, samples, alpha }: WrittenColors): Fields {
  const base = Math.min(baseSamples(photometric), alpha?.sample ?? samples);
  const fields: Fields = new Map([[WRITE_TAG.photometric, short(photometric)]]);
  const kinds = Array.from({ length: samples - base }, (_, extra) => {
    if (base + extra !== alpha?.sample) return EXTRA.unspecified;
    return alpha.isMultiplied ? EXTRA.associated : EXTRA.unassociated;
  });
  return kinds.length > 0 ? fields.set(WRITE_TAG.extraSamples, short(...kinds)) : fields;
}

/** Components of a ColorMap have 16 bits, where 65535 is full. */
const BYTE_SCALE = 257;

/**
 * PhotometricInterpretation and ColorMap of one channel of codes: black for what no class has. Null where there is no such palette: codes have
 * 8 or 16 bits, and classes count from 0 and have a color each.
 */
export function paletteFields(type: PlaneType, classes: readonly ChannelClass[]): Fields | null {
  const palette = classPalette(classes);
  if (!palette || (type !== "uint8" && type !== "uint16")) return null;
  const size = type === "uint8" ? 256 : 65_536;
  if (classes.length > size) return null;
  const map = new Uint16Array(3 * size);
  palette.colors.forEach((values, component) => {
    map.set(
      values.map((value) => value * BYTE_SCALE),
      component * size,
    );
  });
  return new Map([
    [WRITE_TAG.photometric, short(PHOTOMETRIC.palette)],
    [WRITE_TAG.colorMap, { type: "short", values: map }],
  ]);
}

/** The ICC profile (ICC.1:2022, annex B.4). */
export function profileFields(profile: Uint8Array): Fields {
  return new Map([[WRITE_TAG.iccProfile, { type: "undefined", values: profile }]]);
}
