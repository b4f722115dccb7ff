import { type ImageWarning, imageWarning } from "../warnings.ts";
import type { Directory } from "./directory.ts";
import { PHOTOMETRIC, TAG } from "./tags.ts";

/** What a directory's samples are beyond those of its photometric interpretation (TIFF 6.0, ExtraSamples). */
export interface ExtraSamples {
  /** Samples of the interpretation itself, which come first. */
  readonly base: number;
  /** Which sample is the alpha of the others; null: none. */
  readonly alpha: number | null;
  /** The base samples were multiplied by it. */
  readonly isMultiplied: boolean;
  readonly warnings: readonly ImageWarning[];
}

const ASSOCIATED = 1;
export const UNASSOCIATED = 2;

/** Samples that an interpretation has of its own; of those that are not here, and of greys, one. */
const BASE_SAMPLES: ReadonlyMap<number, number> = new Map([
  [PHOTOMETRIC.rgb, 3],
  [PHOTOMETRIC.ycbcr, 3],
  [PHOTOMETRIC.cmyk, 4],
  [PHOTOMETRIC.lab, 3],
  [PHOTOMETRIC.iccLab, 3],
]);

/** The tag alone decides what is alpha, in any position and however many samples there are. */
export async function readExtraSamples(
  directory: Directory,
  samples: number,
  photometric: number,
): Promise<ExtraSamples> {
  const told = directory.entry(TAG.extraSamples)?.count ?? 0;
  const kinds = (told <= samples ? await directory.numbers(TAG.extraSamples, samples) : null) ?? [];
  const due = BASE_SAMPLES.get(photometric) ?? 1;
  const base = samples - kinds.length;
  const alphas = kinds.flatMap((kind, at) => (kind === ASSOCIATED || kind === UNASSOCIATED ? [base + at] : []));
  const [alpha = null] = alphas;
  // An image that is nothing but alpha has nothing that could be transparent.
  const isApplied = alpha !== null && samples > 1;
  const isMultiplied = isApplied && kinds[alpha - base] === ASSOCIATED;
  return {
    base: Math.min(base, due),
    alpha: isApplied ? alpha : null,
    isMultiplied,
    warnings: [
      ...(told > samples ? [TOO_MANY] : []),
      ...(told === 0 && due >= 3 && samples === due + 1 ? [UNDECLARED] : []),
      ...(isApplied && alphas.length > 1 ? [SEVERAL] : []),
      ...(isMultiplied ? [DIVIDED] : []),
    ],
  };
}

const UNDECLARED = imageWarning(
  "ALPHA_NOT_DECLARED",
  "It does not say what its last sample is (ExtraSamples): it is a channel, and nothing is transparent. If it is alpha, say so in the file: gdal_edit.py -colorinterp_4 alpha.",
);

const TOO_MANY = imageWarning(
  "METADATA_NOT_USED",
  "It tells of more samples beside the colors (ExtraSamples) than it has: none is taken for alpha. Write the file anew with gdal_translate.",
);

const SEVERAL = imageWarning(
  "ALPHA_NOT_APPLIED",
  "It has more than one alpha: the first is applied, the others are channels. Use them in a formula: rgba().",
);

const DIVIDED = imageWarning(
  "ALPHA_DIVIDED",
  "Its colors are stored multiplied by their alpha, and are divided by it: read values are not those stored where alpha is partial. Write the file with unassociated alpha (ExtraSamples 2).",
);
