import { BandloomError } from "../../core/errors.ts";
import type { Folder } from "../types.ts";
import { type Arrangement, isPart } from "./arrangement.ts";
import type { PartName } from "./metadata/ome-planes.ts";
import type { Parts } from "./parts.ts";

/** Parts that are opened with the image; the rest when a plane of theirs is needed. */
const OPENED_AT_ONCE = 64;
/** Of them together: as many as stay open. */
const TOGETHER = 16;
/** Names in the image's folder that are looked through for parts. */
const MAX_NAMES = 100_000;

/**
 * The arrangement without planes of parts that are missing or of another image. The parts with the first plane of each channel are opened,
 * then others up to a number; of those beyond only the name is looked for, where the folder can be listed.
 */
export async function withoutMissing(
  arrangement: Arrangement,
  parts: Parts | null,
  siblings: Folder | null,
): Promise<Arrangement> {
  const { planes, columns } = arrangement;
  const byFile = new Map<string, PartName>();
  for (const place of [...planes.slice(0, columns), ...planes])
    if (place && isPart(place) && !byFile.has(place.file)) byFile.set(place.file, place);
  if (byFile.size === 0) return arrangement;
  const missing = parts && siblings ? await missingFiles([...byFile.values()], parts, siblings) : null;
  const isThere = (file: string) => missing !== null && !missing.has(file);
  return {
    ...arrangement,
    planes: planes.map((place) => (place && isPart(place) && !isThere(place.file) ? null : place)),
  };
}

async function missingFiles(places: readonly PartName[], parts: Parts, siblings: Folder): Promise<ReadonlySet<string>> {
  const missing = new Set<string>();
  for (let at = 0; at < Math.min(places.length, OPENED_AT_ONCE); at += TOGETHER) {
    const together = places.slice(at, at + TOGETHER);
    const readable = await Promise.all(together.map((place) => isReadable(parts, place)));
    together.forEach(({ file }, index) => {
      if (!readable[index]) missing.add(file);
    });
  }
  if (places.length <= OPENED_AT_ONCE) return missing;
  const names = new Set((await siblings.list("", MAX_NAMES)) ?? []);
  // A full list cannot tell what is missing, nor one of this folder what lies below it.
  if (names.size === 0 || names.size >= MAX_NAMES) return missing;
  for (const { file } of places.slice(OPENED_AT_ONCE)) if (!file.includes("/") && !names.has(file)) missing.add(file);
  return missing;
}

async function isReadable(parts: Parts, place: PartName): Promise<boolean> {
  try {
    await parts.directory(place);
    return true;
  } catch (error) {
    if (error instanceof BandloomError && UNREADABLE.includes(error.code)) return false;
    throw error;
  }
}

/** What a file is by itself, not what the network does now. */
const UNREADABLE: readonly string[] = ["SOURCE_UNREADABLE", "NOT_FOUND"];
