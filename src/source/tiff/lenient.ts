import { BandloomError } from "../../core/errors.ts";

/** Null for what the file holds in a way that cannot be read; a store that fails is another matter. */
export async function lenient<T>(read: () => Promise<T | null>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof BandloomError && error.code === "SOURCE_UNREADABLE") return null;
    throw error;
  }
}
