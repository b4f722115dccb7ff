import { careFor, type StoreCare } from "../../cache/index.ts";
import { cacheFolder } from "../config/cache-folder.ts";
import type { Settings } from "../config/settings.ts";
import { interruptible } from "../interruptible.ts";

/** The store that a server of these settings uses, for as long as `work` takes. */
export function withStore<T>(
  settings: Settings,
  work: (store: StoreCare, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return interruptible(async (signal) => {
    const store = careFor({ ...settings, folder: cacheFolder(settings), sealing: settings.signingKeys });
    try {
      return await work(store, signal);
    } finally {
      await store.close();
    }
  });
}
