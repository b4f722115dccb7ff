import { realpathSync } from "node:fs";
import { resolve, sep } from "node:path";
import { BandloomError } from "../core/errors.ts";
import { isManifest } from "./channel-set/parse.ts";
import { isUrl, type Location, localPath } from "./location.ts";
import { addressBelow } from "./store/remote-folder.ts";
import { unreadable } from "./unreadable.ts";

/**
 * Where a file of a channel set lies, relative to its manifest (`base`, a folder or an address). NOT_FOUND for one that is not below `root`, or
 * is not there: which of the two is not told.
 */
export function memberLocation(file: string, base: string, root: string | null): Location {
  if (isUrl(file)) return remoteMember(file);
  if (isUrl(base)) return remoteMember(addressBelow(base, file));
  const folder = realpathSync(root ?? base);
  try {
    const path = realpathSync(resolve(base, file));
    // Under its real name: a link could lead from a manifest to itself.
    if (path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return noManifest(path, localPath(path, folder));
  } catch (error) {
    if (error instanceof BandloomError) throw error;
    // Else as below.
  }
  throw new BandloomError("NOT_FOUND", "A file of a channel set is not in its folder.");
}

function remoteMember(url: string): Location {
  const [path = url] = url.split(/[?#]/);
  return noManifest(path, { kind: "url", url, series: 0 });
}

/** Sets of sets could be opened without end. */
function noManifest(path: string, location: Location): Location {
  if (isManifest(path))
    throw unreadable("one of the files of its channel set is a channel set itself; name the files that it is made of");
  return location;
}
