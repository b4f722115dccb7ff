import type { RemoteOptions } from "../../source/index.ts";
import type { Settings } from "./settings.ts";

/** The settings that say how images behind a network are read. */
export const REMOTE_SETTINGS = [
  "allowedSources",
  "sourceTimeoutMs",
  "remoteCacheBytes",
  "s3Endpoint",
  "s3PathStyle",
] as const;

/** `named`: addresses that the user wrote down himself, which allows them. */
export function remoteOptions(
  settings: Pick<Settings, (typeof REMOTE_SETTINGS)[number]>,
  named: readonly string[] = [],
): RemoteOptions {
  const { allowedSources, remoteCacheBytes, sourceTimeoutMs, s3Endpoint, s3PathStyle } = settings;
  return {
    allowed: [...(allowedSources ?? []), ...named],
    cacheBytes: remoteCacheBytes,
    timeoutMs: sourceTimeoutMs,
    s3: { pathStyle: s3PathStyle, ...(s3Endpoint === null ? {} : { endpoint: s3Endpoint }) },
  };
}
