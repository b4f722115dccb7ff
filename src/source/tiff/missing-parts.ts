import { BandloomError } from "../../core/errors.ts";
import type { Folder } from "../types.ts";
import { type Arrangement, isPart } from "./arrangement.ts";
import type { PartName } from "./metadata/ome-planes.ts";
import type { Parts } from "./parts.ts";

/** Parts that are opened with the image; the rest when a plane of theirs is needed. */
const OPENED_AT_ONCE = 64;
/** Names in the image's folder that are looked through for parts. */
const MAX_NAMES = 100_000;

/**
 * Open the parts that hold the first plane of each channel, then others up to a number, and say which planes cannot be read. What is not
 * opened now is looked for by its name where the folder can be listed.
 */
export async function checkParts(
  { planes, columns }: Arrangement,
  parts: Parts | null,
  siblings: Folder | null,
): Promise<readonly string[]> {
  const byFile = new Map<string, PartName>();
  const own = planes.flatMap((place) => (place && isPart(place) ? [place] : []));
  for (const place of planes.slice(0, columns)) if (place && isPart(place)) byFile.set(place.file, place);
  for (const place of own) if (!byFile.has(place.file)) byFile.set(place.file, place);
  if (byFile.size === 0) return [];
  if (!parts || !siblings) return [cannot(own.length, planes.length, "are in other files, which cannot be reached")];
  const names = siblings.list("", MAX_NAMES);
  const listed = new Set((await names) ?? []);
  const bad = new Set<string>();
  await Promise.all(
    [...byFile.values()].map(async (place, index) => {
      if (index >= OPENED_AT_ONCE) {
        // A full list cannot tell what is missing, nor one of this folder what lies below it.
        const isKnown = listed.size > 0 && listed.size < MAX_NAMES && !place.file.includes("/");
        if (isKnown && !listed.has(place.file)) bad.add(place.file);
      } else if (!(await isReadable(parts, place))) {
        bad.add(place.file);
      }
    }),
  );
  const lost = own.filter(({ file }) => bad.has(file)).length;
  return lost === 0 ? [] : [cannot(lost, planes.length, "are in files that are missing or of another image")];
}

function cannot(lost: number, count: number, why: string): string {
  return `${lost} of its ${count} planes ${why}: they cannot be read.`;
}

async function isReadable(parts: Parts, place: PartName): Promise<boolean> {
  try {
    await parts.directory(place);
    return true;
  } catch (error) {
    if (error instanceof BandloomError && error.code === "SOURCE_UNREADABLE") return false;
    throw error;
  }
}
