import { BandloomError } from "../core/errors.ts";
import type { Location } from "./location.ts";
import { openFile } from "./store/file.ts";
import { openTiff } from "./tiff/open.ts";
import type { ImageSource, SourceContext } from "./types.ts";

/**
 * Open an image wherever it lies; its kind is told from its bytes. Rejects with NOT_FOUND, SOURCE_UNREADABLE, and for remote ones
 * FORBIDDEN, SOURCE_FAILED or SOURCE_TIMEOUT; holds descriptors until it is closed.
 */
export async function openSource(location: Location, _context: SourceContext): Promise<ImageSource> {
  if (location.kind !== "path") throw new BandloomError("FORBIDDEN", "Remote images are not allowed here.");
  const store = openFile(location.path);
  try {
    return await openTiff(store);
  } catch (error) {
    await store.close();
    throw error;
  }
}
