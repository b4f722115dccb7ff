import { BandloomError } from "../../core/errors.ts";
import { createServices, type ServiceEvent, type Services } from "../../service/index.ts";
import { cacheFolder } from "../config/cache-folder.ts";
import { remoteOptions } from "../config/remote.ts";
import { LOG_LEVELS, type Settings } from "../config/settings.ts";
import { assertReadable, prepareDataFolder } from "./data-folder.ts";

/** The pipeline as the settings want it. Rejects with BAD_REQUEST for settings that contradict each other, with SOURCE_FAILED without images. */
export async function openServices(settings: Settings, stop: AbortSignal): Promise<Services> {
  assertConsistent(settings);
  const onEvent = (event: ServiceEvent) => report(event, settings);
  const { role, data, filesUrl } = settings;
  // Who serves alone needs something to show; where work is shared, a folder that is not mounted must not be taken for an empty one.
  if (filesUrl === null && role === "all") await prepareDataFolder(data, stop, onEvent);
  else if (filesUrl === null) await assertReadable(data);
  const { catalogue, cacheBytes, memoryBytes, workers, redisUrl, stateRedisUrl, publicUrl, renderUrl } = settings;
  const { flightWaitMs, signingKeys, linkHours, serveFiles, tilesS3, tilesS3FromMs, redisCluster, redisPrefix } =
    settings;
  return createServices({
    ...{ role, dataFolder: data, cacheFolder: cacheFolder(settings), cacheBytes, memoryBytes, flightWaitMs, onEvent },
    ...{ originals: serveFiles, redisCluster, redisPrefix },
    ...(catalogue === null ? {} : { catalogueFile: catalogue }),
    ...(filesUrl === null ? {} : { filesUrl }),
    ...(renderUrl === null ? {} : { renderUrl }),
    ...(workers === null ? {} : { workers }),
    ...(redisUrl === null ? {} : { redisUrl }),
    ...(stateRedisUrl === null ? {} : { stateRedisUrl }),
    ...(tilesS3 === null ? {} : { tilesInS3: { place: tilesS3, fromMs: tilesS3FromMs } }),
    ...(publicUrl === null ? {} : { publicUrl }),
    ...(signingKeys === null ? {} : { signing: { keys: signingKeys, hours: linkHours } }),
    remote: remoteOptions(settings),
  });
}

function assertConsistent({ role, renderUrl, filesUrl, serveFiles }: Settings): void {
  if (renderUrl !== null && role !== "api")
    throw new BandloomError(
      "BAD_REQUEST",
      `BANDLOOM_RENDER_URL (--render-url) is for the role api: with the role ${role} this server renders itself. Leave it out.`,
    );
  if (filesUrl !== null && (role === "files" || serveFiles))
    throw new BandloomError(
      "BAD_REQUEST",
      "A server that gives away files reads them from its own data folder: leave BANDLOOM_FILES_URL (--files-url) out.",
    );
}

/** What the services tell, where it is at least as grave as is logged. */
function report({ level, message }: ServiceEvent, { logLevel }: Settings): void {
  if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(logLevel)) return;
  process.stderr.write(`bandloom: ${level}: ${message}\n`);
}
