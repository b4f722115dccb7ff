import { realpathSync } from "node:fs";
import { resolve, sep } from "node:path";
import { BandloomError } from "../core/errors.ts";
import { isUrl, type Location, localPath } from "./location.ts";
import { addressBelow } from "./store/remote-folder.ts";

/**
 * Where a file of a channel set lies, relative to its manifest (`base`, a folder or an address). NOT_FOUND for one that is not below `root`, or
 * is not there: which of the two is not told.
 */
export function memberLocation(file: string, base: string, root: string | null): Location {
  if (isUrl(file)) return { kind: "url", url: file, series: 0 };
  if (isUrl(base)) return { kind: "url", url: addressBelow(base, file), series: 0 };
  const folder = realpathSync(root ?? base);
  try {
    const path = realpathSync(resolve(base, file));
    if (path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return localPath(path, folder);
  } catch {
    // As below.
  }
  throw new BandloomError("NOT_FOUND", "A file of a channel set is not in its folder.");
}
