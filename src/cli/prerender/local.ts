import { BandloomError } from "../../core/errors.ts";
import { createServices } from "../../service/index.ts";
import { cacheFolder } from "../config/cache-folder.ts";
import { remoteOptions } from "../config/remote.ts";
import type { Settings } from "../config/settings.ts";
import { regionInside } from "../options.ts";
import { boundPicture } from "../picture-flags.ts";
import type { BegunJob, PrerenderState, PrerenderWish } from "./types.ts";

/** Renders in this process, into the cache that a server of the same settings has. `tells`: advice on the formula goes to stderr. */
export async function withLocalJob<T>(
  settings: Settings,
  wish: PrerenderWish,
  tells: boolean,
  work: (job: BegunJob) => Promise<T>,
): Promise<T> {
  const { data, catalogue, cacheBytes, memoryBytes, workers, redisUrl, redisCluster, redisPrefix } = settings;
  const { stateRedisUrl, tilesS3, tilesS3FromMs } = settings;
  const services = await createServices({
    dataFolder: data,
    ...(catalogue === null ? {} : { catalogueFile: catalogue }),
    cacheFolder: cacheFolder(settings),
    ...{ cacheBytes, memoryBytes, redisCluster, redisPrefix },
    ...(workers === null ? {} : { workers }),
    ...(redisUrl === null ? {} : { redisUrl }),
    // Its presets, its purges (which are part of the names of tiles) and its queue: this process works on the job as one more of its servers.
    ...(stateRedisUrl === null ? {} : { stateRedisUrl }),
    ...(tilesS3 === null ? {} : { tilesInS3: { place: tilesS3, fromMs: tilesS3FromMs } }),
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
