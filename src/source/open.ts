import { openFile } from "./store/file.ts";
import { openTiff } from "./tiff/open.ts";
import type { ImageSource } from "./types.ts";

/** Open an image file. Rejects with NOT_FOUND or SOURCE_UNREADABLE; holds a file descriptor until it is closed. */
export async function openSource(path: string): Promise<ImageSource> {
  const store = openFile(path);
  try {
    return await openTiff(store);
  } catch (error) {
    await store.close();
    throw error;
  }
}
