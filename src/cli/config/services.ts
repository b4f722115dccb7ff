import type { ServiceOptions } from "../../service/index.ts";
import { cacheFolder } from "./cache-folder.ts";
import { remoteOptions } from "./remote.ts";
import type { Settings } from "./settings.ts";

/** The pipeline that the settings describe: one place for all who open it, so that they find the same images, caches and keys. */
export function serviceOptions(settings: Settings): Omit<ServiceOptions, "onEvent"> {
  const { role, data, catalogue, cacheBytes, memoryBytes, workers, filesUrl, renderUrl, publicUrl } = settings;
  const { redisUrl, redisCluster, redisPrefix, redisTimeoutMs, stateRedisUrl, flightWaitMs } = settings;
  const { tilesS3, tilesS3FromMs, signingKeys, linkHours, serveFiles, chunkMinutes } = settings;
  const { regionSide, connections, clientConnections, streams, streamIdleMs } = settings;
  const { queueMs, deadlineMs, clientWorkers, clientSeconds, queryCost, operationMs } = settings;
  return {
    color: settings.color,
    ...{ role, dataFolder: data, cacheFolder: cacheFolder(settings), cacheBytes, memoryBytes, flightWaitMs },
    chunkHoldMs: 60_000 * chunkMinutes,
    ...{ originals: serveFiles, redisCluster, redisPrefix, redisTimeoutMs },
    ...(catalogue === null ? {} : { catalogueFile: catalogue }),
    ...(filesUrl === null ? {} : { filesUrl }),
    ...(renderUrl === null ? {} : { renderUrl }),
    ...(workers === null ? {} : { workers }),
    ...(redisUrl === null ? {} : { redisUrl }),
    ...(stateRedisUrl === null ? {} : { stateRedisUrl }),
    ...(tilesS3 === null ? {} : { tilesInS3: { place: tilesS3, fromMs: tilesS3FromMs } }),
    ...(publicUrl === null ? {} : { publicUrl }),
    ...(signingKeys === null ? {} : { signing: { keys: signingKeys, hours: linkHours } }),
    ...(linkHours === null ? {} : { linkHours }),
    sharing: {
      ...{ queueMs, deadlineMs },
      ...(clientWorkers === null ? {} : { clientWorkers }),
      ...(clientSeconds === null ? {} : { clientSeconds }),
    },
    limits: { regionSide, connections, clientConnections, streams, streamIdleMs, queryCost, operationMs },
    remote: remoteOptions(settings),
  };
}
