import { BandloomError } from "../core/errors.ts";
import { locate } from "../ingest/index.ts";
import { createImageServices, type ServedImage, type Services } from "../service/index.ts";
import { readRemoteOptions, type SourceFlags } from "./config/remote.ts";

/**
 * The pipeline of the server over one source (a file, a folder, an address, a manifest; `#1` behind it is the second image in it), for as
 * long as `work` takes. `others` are sources that formulas name: `before=old.tif`. NOT_FOUND, SOURCE_UNREADABLE, BAD_REQUEST for one that is
 * no name and source, and FORBIDDEN, SOURCE_FAILED or SOURCE_TIMEOUT of what lies behind a network.
 */
export async function withImage<T>(
  source: string,
  flags: SourceFlags,
  work: (image: ServedImage, services: Services) => T | Promise<T>,
  others: readonly string[] = [],
): Promise<T> {
  const named = await locate(source);
  const keyed = await Promise.all(others.map(keyedSource));
  const remote = await readRemoteOptions([named, ...keyed.map(([, other]) => other)], flags);
  const places = [
    ...keyed.map(([key, { location }]) => [key, location] as const),
    [named.name, named.location] as const,
  ];
  const services = await createImageServices(places, remote);
  try {
    return await work(await services.images.get(named.name), services);
  } finally {
    await services.close();
  }
}

async function keyedSource(text: string) {
  const [, key, source] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (key === undefined || source === undefined)
    throw new BandloomError("BAD_REQUEST", "--with is a name and a source, such as before=scene-2019.tif.");
  return [key, await locate(source)] as const;
}
