import { BandloomError } from "../../core/errors.ts";
import { createServices } from "../../service/index.ts";
import { serviceOptions } from "../config/services.ts";
import type { Settings } from "../config/settings.ts";
import { regionInside } from "../options.ts";
import { boundPicture } from "../picture-flags.ts";
import { assertReadable } from "../serve/data-folder.ts";
import type { BegunJob, PrerenderState, PrerenderWish } from "./types.ts";

/** Renders in this process, into the cache that a server of the same settings has. `tells`: advice on the formula goes to stderr. */
export async function withLocalJob<T>(
  settings: Settings,
  wish: PrerenderWish,
  tells: boolean,
  work: (job: BegunJob) => Promise<T>,
): Promise<T> {
  // Whoever waits here renders, whatever part the servers of these settings have.
  const options = serviceOptions({ ...settings, role: "all", renderUrl: null, serveFiles: false });
  if (settings.filesUrl === null) await assertReadable(settings.data);
  const services = await createServices({
    ...options,
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
