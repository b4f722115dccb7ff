import { join } from "node:path";
import { BandloomError } from "../../core/errors.ts";
import { createServices } from "../../service/index.ts";
import { remoteOptions } from "../config/remote.ts";
import type { Settings } from "../config/settings.ts";
import { regionInside } from "../options.ts";
import { boundPicture } from "../picture-flags.ts";
import type { BegunJob, PrerenderState, PrerenderWish } from "./types.ts";

/** Renders in this process, into the cache that a server on the same data folder has. `tells`: advice on the formula goes to stderr. */
export async function withLocalJob<T>(
  settings: Settings,
  wish: PrerenderWish,
  tells: boolean,
  work: (job: BegunJob) => Promise<T>,
): Promise<T> {
  const { data, catalogue, cache, cacheBytes, memoryBytes, workers, redisUrl } = settings;
  const services = await createServices({
    dataFolder: data,
    ...(catalogue === null ? {} : { catalogueFile: catalogue }),
    cacheFolder: cache ?? join(data, ".bandloom"),
    ...{ cacheBytes, memoryBytes },
    ...(workers === null ? {} : { workers }),
    ...(redisUrl === null ? {} : { redisUrl }),
    remote: remoteOptions(settings),
    onEvent: ({ message }) => process.stderr.write(`bandloom: ${message}\n`),
  });
  try {
    const { imageKey, levels, region, tileSize, encoding, pad, formula: text, preset } = wish;
    const image = await services.images.get(imageKey);
    if (!services.limits.tileSizes.includes(tileSize))
      throw new BandloomError("BAD_REQUEST", `--tile-size is one of ${services.limits.tileSizes.join(", ")}.`);
    const flags = { ...(text === null ? {} : { formula: text }), ...(preset === null ? {} : { preset }) };
    const formula = await boundPicture(image, services, flags, tells);
    if (region) regionInside(region, image.info);
    const { id } = await services.jobs.start({ formula, levels, region, tileSize, encoding, pad });
    return await work({
      id,
      async *watch(signal): AsyncGenerator<PrerenderState> {
        for await (const job of services.jobs.watch(id, signal)) yield { ...job, state: job.state.toUpperCase() };
      },
      cancel: async () => {
        await services.jobs.cancel(id);
      },
    });
  } finally {
    await services.close();
  }
}
