import { locate } from "../ingest/index.ts";
import { createImageServices, type ServedImage, type Services } from "../service/index.ts";
import { readRemoteOptions, type SourceFlags } from "./config/remote.ts";

/**
 * The pipeline of the server over one source (a file, a folder, an address, a manifest; `#1` behind it is the second image in it), for as
 * long as `work` takes. NOT_FOUND, SOURCE_UNREADABLE, and FORBIDDEN, SOURCE_FAILED or SOURCE_TIMEOUT of what lies behind a network.
 */
export async function withImage<T>(
  source: string,
  flags: SourceFlags,
  work: (image: ServedImage, services: Services) => T | Promise<T>,
): Promise<T> {
  const named = await locate(source);
  const services = await createImageServices(named.name, named.location, await readRemoteOptions([named], flags));
  try {
    return await work(await services.images.get(named.name), services);
  } finally {
    await services.close();
  }
}
