import { MAX_PROFILE_BYTES } from "../color/find.ts";
import type { StoredColors } from "../types.ts";
import { readExtraSamples } from "./extra-samples.ts";
import type { Planes } from "./planes.ts";
import { TAG } from "./tags.ts";

/** Of the first directory of an image; null: it is in another file. */
export async function storedColors(planes: Planes): Promise<StoredColors | null> {
  const directory = planes.ownDirectory(0);
  const [full] = planes.levels;
  if (!directory || !full) return null;
  const { photometric, samples } = full;
  const { isMultiplied } = await readExtraSamples(directory, samples, photometric);
  const profileBytes = directory.entry(TAG.iccProfile)?.count ?? 0;
  const hasProfile = profileBytes > 0 && profileBytes <= MAX_PROFILE_BYTES;
  const profile = hasProfile ? await directory.bytes(TAG.iccProfile, MAX_PROFILE_BYTES) : null;
  return { photometric, isMultiplied, mask: "none", profile: profile && new Uint8Array(profile) };
}
