import { basename } from "node:path";
import { flipLevel } from "../core/geometry.ts";
import { servedLevel } from "../plan/index.ts";
import { type Extent, extentOf, type GeographicBounds, geographicBounds, type ServedImage } from "../service/index.ts";
import type { Georeference, ImageInfo } from "../source/index.ts";

/** Everything known of a source, as `--json` prints it. */
export interface Inspection extends Omit<ImageInfo, "georeference"> {
  /** As the user named it. */
  readonly source: string;
  /** Identity of its bytes, hex. */
  readonly revision: string;
  readonly georeference: Place | null;
  /** Levels as they are served, by powers of two; the finest first. */
  readonly pyramid: readonly PyramidLevel[];
  /** The command that makes a file of it that is fast to show; null: it is. */
  readonly conversion: string | null;
}

interface Place extends Georeference {
  readonly extent: Extent;
  readonly geographicBounds: GeographicBounds | null;
}

interface PyramidLevel {
  readonly level: number;
  readonly zoom: number;
  readonly width: number;
  readonly height: number;
  /** Index of the stored level that it is; null: it is computed from the next finer one. */
  readonly stored: number | null;
}

/** Pixels of a stored level from which on it takes long to compute coarser ones. */
const MANY_PIXELS = 2 ** 24;

export async function inspection(source: string, { info, revision, levels }: ServedImage): Promise<Inspection> {
  const { georeference } = info;
  const place = georeference && {
    ...georeference,
    extent: extentOf(georeference.affine, info),
    geographicBounds: await geographicBounds(info),
  };
  const pyramid = Array.from({ length: levels }, (_, level): PyramidLevel => {
    const { size, ...served } = servedLevel(info, level);
    const stored = served.kind === "stored" ? served.stored : null;
    return { level, zoom: flipLevel(levels, level), width: size.width, height: size.height, stored };
  });
  const advice = [...info.advice, ...pyramidAdvice(info, pyramid)];
  const conversion = advice.length > 0 ? conversionOf(source) : null;
  return { source, revision, ...info, georeference: place, pyramid, advice, conversion };
}

/** A pyramid by threes, or one that ends early, where its reader has not said so. */
function pyramidAdvice({ levels }: ImageInfo, pyramid: readonly PyramidLevel[]): readonly string[] {
  const computed = pyramid.filter(({ level, stored }) => {
    const finer = pyramid[level - 1];
    return stored === null && finer !== undefined && finer.width * finer.height >= MANY_PIXELS;
  });
  if (computed.length === 0 || levels.length === 1) return [];
  const names = computed.map(({ level }) => level).join(", ");
  return [`Its pyramid lacks ${computed.length === 1 ? "level" : "levels"} ${names}, computed from finer ones.`];
}

const ENDINGS =
  /(\.ome)?\.(tiff?|zarr|zarr\.zip)$|\.channels\.ya?ml$|\.(ozx|dzi|jpe?g|png|webp|avif|gif|jp2|j2k|xml|json)$/i;
const HARMLESS = /^[\w@%+=:,./-]+$/;

function conversionOf(source: string): string {
  const [, place = source] = /^(.*?)(#\d+)?$/s.exec(source) ?? [];
  const name = basename(place.replace(/[?#].*$/s, "").replace(/\/+$/, ""));
  const stem = name.replace(ENDINGS, "") || "image";
  // Never over what it comes from.
  const output = name === `${stem}.ome.tif` ? `${stem}.pyramid.ome.tif` : `${stem}.ome.tif`;
  return ["bandloom", "ingest", source, "-o", output].map(quoted).join(" ");
}

/** One word of a shell's command. */
function quoted(word: string): string {
  return HARMLESS.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
